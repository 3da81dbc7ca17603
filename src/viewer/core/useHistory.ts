import { useCallback, useEffect, useRef, useState } from "react";
import { useAddressState } from "./useAddressState.ts";
import type { ViewState } from "./viewState.ts";

/** Something that was done and can be taken back. */
export interface Step {
  readonly undo: () => void | Promise<void>;
  readonly redo: () => void | Promise<void>;
}

/** What was done on the page, and the way back. */
export interface History {
  /** Remembers something that was done besides changes of the state. */
  readonly push: (step: Step) => void;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** Changes of the state that follow one another within this time are one step, ms: a slider that is moved, a view that is dragged. */
const ONE_STEP_MS = 600;
/** Steps that are remembered. */
const MOST = 200;

/**
 * The state of the page, and all that was done since a place was opened: changes of the state and what panels push. Ctrl+Z and Ctrl+Shift+Z go
 * back and forth; the steps of another place are forgotten.
 *
 * @returns  the state; the way to change it; the same without a step; the history
 */
export function useHistory(onError: (message: string) => void) {
  const [state, set] = useAddressState();
  const latest = useRef(state);
  latest.current = state;
  const steps = useRef<{ readonly past: Step[]; readonly future: Step[] }>({ past: [], future: [] });
  const changedAt = useRef(Number.NEGATIVE_INFINITY);
  const [, redraw] = useState(0);

  const push = useCallback((step: Step) => {
    steps.current.past.push(step);
    steps.current.past.splice(0, steps.current.past.length - MOST);
    steps.current.future.length = 0;
    changedAt.current = Number.NEGATIVE_INFINITY;
    redraw((count) => count + 1);
  }, []);
  const setQuietly = useCallback(
    (by: (before: ViewState) => ViewState) => {
      latest.current = by(latest.current);
      set(() => latest.current);
    },
    [set],
  );
  const setState = useCallback(
    (by: (before: ViewState) => ViewState) => {
      const before = latest.current;
      setQuietly(by);
      if (latest.current === before) return;
      const isSame = performance.now() - changedAt.current < ONE_STEP_MS;
      if (!isSame) {
        let after: ViewState | undefined;
        const undo = () => {
          after = latest.current;
          setQuietly(() => before);
        };
        push({ undo, redo: () => setQuietly((now) => after ?? now) });
      }
      changedAt.current = performance.now();
    },
    [push, setQuietly],
  );
  const move = useCallback(
    (from: "past" | "future", to: "past" | "future") => {
      const step = steps.current[from].pop();
      if (step === undefined) return;
      steps.current[to].push(step);
      changedAt.current = Number.NEGATIVE_INFINITY;
      redraw((count) => count + 1);
      const done = from === "past" ? step.undo() : step.redo();
      done?.catch((error: Error) => onError(error.message));
    },
    [onError],
  );
  const undo = useCallback(() => move("past", "future"), [move]);
  const redo = useCallback(() => move("future", "past"), [move]);
  useUndoKeys(undo, redo);

  const place = JSON.stringify([state.at, state.image]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place has steps of its own
  useEffect(() => {
    steps.current.past.length = 0;
    steps.current.future.length = 0;
    redraw((count) => count + 1);
  }, [place]);

  const { past, future } = steps.current;
  const history: History = { push, undo, redo, canUndo: past.length > 0, canRedo: future.length > 0 };
  return { state, setState, setQuietly, history };
}

function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement &&
        event.target.matches("input:not([type=range]):not([type=checkbox])");
      if (isTyping || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      const key = event.key.toLowerCase();
      if (key === "z" && !event.shiftKey) undo();
      else if (key === "y" || key === "z") redo();
      else return;
      event.preventDefault();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [undo, redo]);
}
