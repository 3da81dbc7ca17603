import { useEffect, useState } from "react";
import { type View, wholeView } from "../core/stage.ts";
import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { type DrawnObjects, readDrawn } from "./drawn.ts";

/** Time in which a view stands still before objects are asked for, ms. */
const STILL_MS = 150;

interface DrawnOf {
  /** Whose objects; undefined: none that have outlines. */
  readonly at: string | undefined;
  readonly scene: Scene;
  readonly state: ViewState;
  readonly size: { readonly width: number; readonly height: number };
  /** Another number asks anew. */
  readonly revision: number;
  readonly onError: (message: string) => void;
}

/** The objects that the state names, cut out as the view moves. */
export function useDrawn({ at, scene, state, size, revision, onError }: DrawnOf): DrawnObjects | undefined {
  const [drawn, setDrawn] = useState<DrawnObjects>();
  const { objects: type, places } = state;
  const view: View = state.view ?? wholeView(scene, size);
  const key = JSON.stringify([view, size, places]);
  const isShown = type !== undefined && at !== undefined && size.width > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds what is asked for
  useEffect(() => {
    if (!isShown) {
      setDrawn(undefined);
      return;
    }
    const gone = new AbortController();
    const tell = (error: Error) => gone.signal.aborted || onError(error.message);
    const timer = setTimeout(
      () => readDrawn({ at, type, scene, view, size, places }, gone.signal).then(setDrawn, tell),
      STILL_MS,
    );
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [isShown, at, type, scene, key, revision]);

  return isShown ? drawn : undefined;
}
