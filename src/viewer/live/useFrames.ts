import { useEffect, useRef, useState } from "react";
import type { LiveFrame } from "../../acquire/index.ts";
import { watch } from "../scene/live.ts";
import { frameOf, type SeenFrame } from "../scene/liveScene.ts";
import { type MosaicTile, withPlace } from "./mosaic.ts";

/** The newest frame of each channel, the newest of all, and those of each place of the stage. The next comes when the last was drawn. */
export function useFrames(onError: (message: string) => void) {
  const [frames, setFrames] = useState<readonly SeenFrame[]>([]);
  const [newest, setNewest] = useState<SeenFrame>();
  const [mosaic, setMosaic] = useState<readonly MosaicTile[]>([]);
  const tell = useRef(onError);
  tell.current = onError;
  useEffect(
    () =>
      watch({
        topic: "acquisition/frame",
        query: {},
        async onValue({ value, bytes, at }) {
          if (bytes === undefined) return;
          const frame = frameOf(value as LiveFrame, bytes, at ?? 0);
          setFrames((before) => withFrame(before, frame));
          setNewest(frame);
          setMosaic((before) => withPlace(before, frame));
          await new Promise(requestAnimationFrame);
        },
        onError: (message) => tell.current(message),
      }),
    [],
  );
  return { frames, newest, mosaic };
}

/** In the place of the last one of its channel; frames of another size are of another camera and go. */
function withFrame(before: readonly SeenFrame[], frame: SeenFrame): SeenFrame[] {
  const kept = before.filter(
    ({ shape, dtype }) => String(shape) === String(frame.shape) && dtype === frame.dtype,
  );
  const at = kept.findIndex(({ channel }) => channel === frame.channel);
  return at < 0 ? [...kept, frame] : kept.with(at, frame);
}
