import { pixelBytes } from "../../core/index.ts";
import type { SharedImage } from "../engine/sharedImage.ts";
import { type LiveFrame, MOST_SIDE } from "./view.ts";

/** A frame with its bytes, little-endian as the machine is. */
export interface SentFrame {
  readonly frame: LiveFrame;
  readonly data: Uint8Array;
}

/** A copy of every n-th pixel of an image, of its first sample: at most `MOST_SIDE` a side. */
export function frameToSend(shared: SharedImage): SentFrame {
  const { image, axes, metadata } = shared;
  const { height, width } = image;
  const dtype = image.data.constructor.name.replace("Array", "").toLowerCase();
  const samples = image.data.length / (height * width);
  const step = Math.ceil(Math.max(height, width) / MOST_SIDE);
  const shape = [Math.ceil(height / step), Math.ceil(width / step)] as const;
  const kept = image.data.slice(0, shape[0] * shape[1]);
  if (step > 1 || samples > 1)
    for (let row = 0, to = 0; row < shape[0]; row++)
      for (
        let column = 0, at = row * step * width * samples;
        column < shape[1];
        column++, at += step * samples
      )
        kept[to++] = image.data[at];
  const { PixelSize_um: pixel, XPosition_um_Intended: x, YPosition_um_Intended: y } = metadata;
  const isPlaced = typeof x === "number" && typeof y === "number";
  const frame: LiveFrame = {
    axes,
    channel: channelOf(shared),
    ...{ dtype, height, width, step, shape },
    pixelSizeUm: typeof pixel === "number" ? pixel : 0,
    place: isPlaced ? [x, y] : null,
  };
  return { frame, data: pixelBytes(kept) };
}

/** The channel's name, empty where there is none. */
export function channelOf({ metadata, axes }: Pick<SharedImage, "metadata" | "axes">): string {
  return String(metadata.Channel ?? axes.channel ?? "");
}
