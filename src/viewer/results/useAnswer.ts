import { useEffect, useRef, useState } from "react";
import { LeftOut } from "../scene/exported.ts";

/**
 * What a question was answered last; undefined until then, and while another one is asked.
 *
 * @param key  another one asks anew; undefined asks nothing
 */
export function useAnswer<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
  onError: (message: string) => void,
): T | undefined {
  const { value, leftOut } = useAnswerOrWord(key, ask, onError);
  const tell = useRef(onError);
  tell.current = onError;
  useEffect(() => {
    if (leftOut !== undefined) tell.current(leftOut);
  }, [leftOut]);
  return value;
}

/** An answer, or the word that the copy of the page has none; both undefined until then. */
interface AnswerOrWord<T> {
  readonly value?: T;
  readonly leftOut?: string;
}

/** The same where a copy of the page may have no answer, which is said in its place. */
export function useAnswerOrWord<T>(
  key: string | undefined,
  ask: (signal: AbortSignal) => Promise<T>,
  onError: (message: string) => void,
): AnswerOrWord<T> {
  const [answer, setAnswer] = useState<{ readonly key: string; readonly said: AnswerOrWord<T> }>();
  const latest = useRef({ ask, onError });
  latest.current = { ask, onError };
  useEffect(() => {
    if (key === undefined) return;
    const gone = new AbortController();
    latest.current.ask(gone.signal).then(
      (value) => gone.signal.aborted || setAnswer({ key, said: { value } }),
      (error: Error) => {
        if (gone.signal.aborted) return;
        if (error instanceof LeftOut) setAnswer({ key, said: { leftOut: error.message } });
        else latest.current.onError(error.message);
      },
    );
    return () => gone.abort();
  }, [key]);
  return answer !== undefined && answer.key === key ? answer.said : {};
}
