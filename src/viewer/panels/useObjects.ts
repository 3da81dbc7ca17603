import { useEffect, useState } from "react";
import { type View, wholeView } from "../core/stage.ts";
import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { type DrawnObjects, type FeatureColors, readFeature, readObjects } from "./objects.ts";

/** Time in which a view stands still before objects are asked for, ms. */
const STILL_MS = 150;

interface ObjectsOf {
  readonly scene: Scene | undefined;
  readonly state: ViewState;
  readonly size: { readonly width: number; readonly height: number };
  readonly onError: (message: string) => void;
}

/** The objects that the state names, as the view moves. */
export function useObjects({ scene, state, size, onError }: ObjectsOf) {
  const [drawn, setDrawn] = useState<DrawnObjects>();
  const [colors, setColors] = useState<FeatureColors>();
  const { at, objects: type, feature, places } = state;
  const view: View | undefined = scene && (state.view ?? wholeView(scene, size));
  const key = JSON.stringify([view, size, places]);
  const isShown = type !== undefined && scene?.experiment !== undefined;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds what is asked for
  useEffect(() => {
    if (!isShown || view === undefined) {
      setDrawn(undefined);
      return;
    }
    const gone = new AbortController();
    const tell = (error: Error) => gone.signal.aborted || onError(error.message);
    const timer = setTimeout(
      () => readObjects({ at, type, scene, view, size, places }, gone.signal).then(setDrawn, tell),
      STILL_MS,
    );
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [isShown, at, type, scene, key]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `onError` is another function at each drawing
  useEffect(() => {
    setColors(undefined);
    if (!isShown || feature === undefined) return;
    let isGone = false;
    readFeature(at, type, feature).then(
      (read) => isGone || setColors(read),
      (error: Error) => isGone || onError(error.message),
    );
    return () => {
      isGone = true;
    };
  }, [isShown, at, type, feature]);

  return {
    drawn: isShown ? drawn : undefined,
    colors: isShown && feature !== undefined ? colors : undefined,
  };
}
