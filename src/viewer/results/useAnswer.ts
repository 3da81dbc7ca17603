import { useEffect, useRef, useState } from "react";

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
  const [answer, setAnswer] = useState<{ readonly key: string; readonly value: T }>();
  const latest = useRef({ ask, onError });
  latest.current = { ask, onError };
  useEffect(() => {
    if (key === undefined) return;
    const gone = new AbortController();
    latest.current.ask(gone.signal).then(
      (value) => gone.signal.aborted || setAnswer({ key, value }),
      (error: Error) => gone.signal.aborted || latest.current.onError(error.message),
    );
    return () => gone.abort();
  }, [key]);
  return answer !== undefined && answer.key === key ? answer.value : undefined;
}
