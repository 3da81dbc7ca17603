/** Channels of a scene that come one after the other: what was set of those before stays. */
import { useEffect } from "react";
import type { Scene } from "../scene/scene.ts";
import { channelsFor, type ViewState } from "./viewState.ts";

/** Channels as the state has them; of those that it does not have yet, as at first. */
export function mergedChannels(scene: Scene, { channels }: ViewState): ViewState["channels"] {
  return channelsFor(scene).map((channel, i) => ({ ...channel, ...channels[i] }));
}

/** Brings channels that have come into the state; that is no step of anybody. */
export function useSceneChannels(
  scene: Scene | undefined,
  setQuietly: (change: (before: ViewState) => ViewState) => void,
): void {
  const count = scene?.channels.length ?? 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the scene is another one with each image
  useEffect(() => {
    if (scene === undefined) return;
    setQuietly((before) =>
      before.channels.length >= count ? before : { ...before, channels: mergedChannels(scene, before) },
    );
  }, [count, setQuietly]);
}
