import { useEffect, useMemo, useRef, useState } from "react";
import { type View, wholeView } from "../core/stage.ts";
import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { type AskedWindow, countIn, covers, type DrawnObjects, readDrawn, windowOf } from "./drawn.ts";

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

/** The objects that the state names, cut out as the view moves, and how many it shows. */
export function useDrawn({ at, scene, state, size, revision, onError }: DrawnOf) {
  const [drawn, setDrawn] = useState<DrawnObjects>();
  const last = useRef<{ readonly what: string; readonly window: AskedWindow }>(undefined);
  const { objects: type, places } = state;
  const view: View = state.view ?? wholeView(scene, size);
  const what = JSON.stringify([scene.key, at, type, places, revision]);
  const key = JSON.stringify([view, size]);
  const isShown = type !== undefined && at !== undefined && size.width > 0;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the texts hold what is asked for
  useEffect(() => {
    if (!isShown) {
      setDrawn(undefined);
      last.current = undefined;
      return;
    }
    if (last.current?.what === what && covers(last.current.window, scene, view, size)) return;
    const gone = new AbortController();
    const tell = (error: Error) => gone.signal.aborted || onError(error.message);
    const window = windowOf(scene, view, size);
    const take = (read: DrawnObjects) => {
      last.current = { what, window };
      setDrawn(read);
    };
    const timer = setTimeout(
      () => readDrawn({ at, type, places }, window, gone.signal).then(take, tell),
      STILL_MS,
    );
    return () => {
      clearTimeout(timer);
      gone.abort();
    };
  }, [isShown, what, scene, key]);

  const inView = useInView(drawn, view, size);
  return isShown ? { drawn, inView } : { drawn: undefined, inView: 0 };
}

/** How many objects the view shows, counted when it stands still. */
function useInView(drawn: DrawnObjects | undefined, view: View, size: DrawnOf["size"]): number {
  const [counted, setCounted] = useState<{ readonly of: DrawnObjects; readonly count: number }>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: where the view was when they came
  const first = useMemo(() => (drawn === undefined ? 0 : countIn(drawn, view, size)), [drawn]);
  const key = JSON.stringify([view, size]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds the view
  useEffect(() => {
    if (drawn === undefined) return;
    const timer = setTimeout(() => setCounted({ of: drawn, count: countIn(drawn, view, size) }), STILL_MS);
    return () => clearTimeout(timer);
  }, [drawn, key]);
  return counted !== undefined && counted.of === drawn ? counted.count : first;
}
