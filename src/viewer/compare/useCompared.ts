import { useEffect } from "react";
import { useScene } from "../core/useScene.ts";
import { channelsFor, type ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import type { Comparison } from "./compareState.ts";

interface ComparedOptions {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setQuietly: (change: (before: ViewState) => ViewState) => void;
  readonly onError: (message: string) => void;
}

/** The other image with the state by which it is shown, in step with the first one. */
export interface Compared {
  readonly compare: Comparison;
  readonly scene: Scene;
  readonly state: ViewState;
  /** How many of its pixels one of the first image is: both fill the same place. */
  readonly scale: number;
}

/** The other image of a comparison; undefined: none, or it is not open yet. */
export function useCompared({ scene, state, setQuietly, onError }: ComparedOptions): Compared | undefined {
  const { compare } = state;
  const isOther = compare?.at !== undefined || compare?.image !== undefined;
  const at = isOther ? (compare?.at ?? state.at) : "";
  const image = compare?.image;
  const opened = useScene({ at, choices: {}, ...(image !== undefined && { image }) }, 0, onError);
  const other = compare === undefined ? undefined : isOther ? opened.scene : scene;
  const isKnown = compare !== undefined && compare.channels.length === other?.channels.length;
  useEffect(() => {
    if (other === undefined || isKnown) return;
    setQuietly((before) => {
      if (before.compare === undefined) return before;
      const channels = other === scene ? before.channels : channelsFor(other);
      return { ...before, compare: { ...before.compare, channels } };
    });
  }, [other, scene, isKnown, setQuietly]);
  if (compare === undefined || other === undefined || !isKnown) return undefined;
  const scale = other.levels[0].width / scene.levels[0].width;
  const { view: first, labels, labelOpacity, objects, ...rest } = state;
  const view = first && { x: first.x * scale, y: first.y * scale, zoom: first.zoom - Math.log2(scale) };
  return {
    compare,
    scene: other,
    scale,
    state: { ...rest, channels: compare.channels, ...(view && { view }) },
  };
}
