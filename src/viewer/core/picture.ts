/** A part of a scene as a file, with the channels, colours and limits that it is shown with. */
import type { Scene } from "../scene/scene.ts";
import { mixed } from "./mix.ts";
import type { ViewState } from "./viewState.ts";

/** A part of the image, pixels of full resolution. */
export interface Part {
  readonly y: number;
  readonly x: number;
  readonly height: number;
  readonly width: number;
}

/** Longest side that a picture has, pixels: larger parts are shown by a coarser level. */
const MOST_SIDE = 8192;

/** A PNG of a part. @throws {Error} what the server says of a tile */
export async function pictureOf(
  scene: Scene,
  part: Part,
  { channels, places }: Pick<ViewState, "channels" | "places">,
): Promise<Blob> {
  const longest = Math.max(part.height, part.width);
  const level = Math.min(scene.levels.length - 1, Math.max(0, Math.ceil(Math.log2(longest / MOST_SIDE))));
  const { height, width } = scene.levels[level];
  const [top, left] = [part.y, part.x].map((at) => Math.max(0, Math.floor(at / 2 ** level)));
  const bottom = Math.min(height, Math.ceil((part.y + part.height) / 2 ** level));
  const right = Math.min(width, Math.ceil((part.x + part.width) / 2 ** level));
  const canvas = new OffscreenCanvas(Math.max(1, right - left), Math.max(1, bottom - top));
  const context = canvas.getContext("2d")!;
  context.fillStyle = "#000";
  context.fillRect(0, 0, canvas.width, canvas.height);
  const side = scene.tileSize;
  for (let row = Math.floor(top / side); row * side < bottom; row++)
    for (let column = Math.floor(left / side); column * side < right; column++) {
      const tiles = await Promise.all(
        channels.map(({ isVisible }, channel) =>
          isVisible ? scene.tile({ level, row, column, channel, places }) : undefined,
        ),
      );
      const pixels = mixed(tiles, channels);
      if (pixels !== undefined) context.putImageData(pixels, column * side - left, row * side - top);
    }
  return canvas.convertToBlob({ type: "image/png" });
}
