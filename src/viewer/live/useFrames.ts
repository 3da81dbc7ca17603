import { useEffect, useRef, useState } from "react";
import { watch } from "../scene/live.ts";
import { type FrameFacts, frameOf, type LiveFrame } from "../scene/liveScene.ts";

/** The newest frame of each channel. The next comes when the last was drawn. */
export function useFrames(onError: (message: string) => void): readonly LiveFrame[] {
  const [frames, setFrames] = useState<readonly LiveFrame[]>([]);
  const tell = useRef(onError);
  tell.current = onError;
  useEffect(
    () =>
      watch({
        topic: "acquisition/frame",
        query: {},
        async onValue({ value, bytes, at }) {
          if (bytes === undefined) return;
          const frame = frameOf(value as FrameFacts, bytes, at ?? 0);
          setFrames((before) => withFrame(before, frame));
          await new Promise(requestAnimationFrame);
        },
        onError: (message) => tell.current(message),
      }),
    [],
  );
  return frames;
}

/** In the place of the last one of its channel; frames of another size are of another camera and go. */
function withFrame(before: readonly LiveFrame[], frame: LiveFrame): LiveFrame[] {
  const kept = before.filter(
    ({ shape, dtype }) => String(shape) === String(frame.shape) && dtype === frame.dtype,
  );
  const at = kept.findIndex(({ channel }) => channel === frame.channel);
  return at < 0 ? [...kept, frame] : kept.with(at, frame);
}
