import { useCallback, useEffect, useRef, useState } from "react";
import {
  changesBetween,
  isOfSameParts,
  joinedChanges,
  type PartChange,
  withChanges,
} from "./stateChanges.ts";
import { useAddressState } from "./useAddressState.ts";
import type { ViewState } from "./viewState.ts";

/** Something that was done and can be taken back. */
export interface Step {
  readonly undo: () => void | Promise<void>;
  readonly redo: () => void | Promise<void>;
}

/** What was done on the page, and the way back. */
export interface History {
  /**
   * Does something besides changes of the state, after all that still runs. It has its place among the steps at once, whenever it ends; what fails is
   * no step. @throws what it throws
   */
  readonly perform: (act: () => Promise<Step>) => Promise<void>;
  readonly undo: () => void;
  readonly redo: () => void;
  readonly canUndo: boolean;
  readonly canRedo: boolean;
}

/** Changes of the same part that follow one another within this time are one step, ms: a slider that is moved, a view that is dragged. */
const ONE_STEP_MS = 600;
/** Steps that are remembered. */
const MOST = 200;

/** A change of the state that may still grow. */
interface StateStep extends Step {
  changes: readonly PartChange[];
  changedAt: number;
  /** While what made it runs: what else that changes belongs to it. */
  isGrowing: boolean;
}

/**
 * The state of the page, and all that was done since a place was opened: changes of the state and what panels perform. Ctrl+Z and Ctrl+Shift+Z go
 * back and forth; the steps of another place are forgotten. A step takes back what it changed and nothing else: limits that came late, a type that got
 * another name, stay.
 *
 * @returns  the state; the way to change it as a person does; the same for what the page does by itself, without a step; the history
 */
export function useHistory(onError: (message: string) => void) {
  const [state, set] = useAddressState();
  const latest = useRef(state);
  latest.current = state;
  const steps = useSteps(onError);
  const { push, forget, last } = steps;

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
      const changes = changesBetween(before, latest.current);
      if (changes.length === 0) return;
      const step = last();
      const now = performance.now();
      if (isStateStep(step) && isContinued(step, changes, now)) {
        step.changes = joinedChanges(step.changes, changes);
        step.changedAt = now;
        if (step.changes.length === 0) forget(step);
        return;
      }
      const made: StateStep = {
        changes,
        changedAt: now,
        isGrowing: true,
        undo: () => setQuietly((shown) => withChanges(shown, made.changes, "before")),
        redo: () => setQuietly((shown) => withChanges(shown, made.changes, "after")),
      };
      queueMicrotask(() => {
        made.isGrowing = false;
      });
      push(made);
    },
    [push, forget, last, setQuietly],
  );

  const { clear } = steps;
  const place = JSON.stringify([state.at, state.image]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another place has steps of its own
  useEffect(clear, [place]);
  return { state, setState, setQuietly, history: steps.history };
}

function isStateStep(step: Step | undefined): step is StateStep {
  return step !== undefined && "changes" in step;
}

function isContinued(step: StateStep, changes: readonly PartChange[], now: number): boolean {
  return step.isGrowing || (now - step.changedAt < ONE_STEP_MS && isOfSameParts(step.changes, changes));
}

/** What was done and what was taken back; one thing after the other, as some of it takes time. */
function useSteps(onError: (message: string) => void) {
  const steps = useRef<{ readonly past: Step[]; readonly future: Step[] }>({ past: [], future: [] });
  const { past, future } = steps.current;
  const running = useRef<Promise<unknown>>(Promise.resolve());
  const [, redraw] = useState(0);
  const drawAnew = useCallback(() => redraw((count) => count + 1), []);

  const inTurn = useCallback((act: () => void | Promise<void>): Promise<void> => {
    const turn = running.current.then(act);
    running.current = turn.catch(() => {});
    return turn;
  }, []);
  const push = useCallback(
    (step: Step) => {
      past.push(step);
      past.splice(0, past.length - MOST);
      future.length = 0;
      drawAnew();
    },
    [past, future, drawAnew],
  );
  const forget = useCallback(
    (step: Step) => {
      for (const list of [past, future]) if (list.includes(step)) list.splice(list.indexOf(step), 1);
      drawAnew();
    },
    [past, future, drawAnew],
  );
  const perform = useCallback(
    async (act: () => Promise<Step>) => {
      let made: Step | undefined;
      const step: Step = { undo: () => made?.undo(), redo: () => made?.redo() };
      push(step);
      try {
        await inTurn(async () => {
          made = await act();
        });
      } catch (error) {
        forget(step);
        throw error;
      }
    },
    [inTurn, push, forget],
  );
  const move = useCallback(
    (from: Step[], to: Step[], way: "undo" | "redo") => {
      const step = from.pop();
      if (step === undefined) return;
      if (isStateStep(step)) step.changedAt = Number.NEGATIVE_INFINITY;
      to.push(step);
      drawAnew();
      inTurn(() => step[way]()).catch((error: Error) => onError(error.message));
    },
    [inTurn, drawAnew, onError],
  );
  const undo = useCallback(() => move(past, future, "undo"), [move, past, future]);
  const redo = useCallback(() => move(future, past, "redo"), [move, past, future]);
  useUndoKeys(undo, redo);
  const clear = useCallback(() => {
    past.length = 0;
    future.length = 0;
    drawAnew();
  }, [past, future, drawAnew]);
  // what was taken back could be done again after it: then nothing grows
  const last = useCallback(() => (future.length === 0 ? past.at(-1) : undefined), [past, future]);
  const history: History = { perform, undo, redo, canUndo: past.length > 0, canRedo: future.length > 0 };
  return { push, forget, last, clear, history };
}

function useUndoKeys(undo: () => void, redo: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const isTyping =
        event.target instanceof HTMLElement &&
        event.target.matches("textarea, input:not([type=range], [type=checkbox], [type=color])");
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
