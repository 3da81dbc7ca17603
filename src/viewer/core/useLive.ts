import { useEffect, useRef, useState } from "react";
import { type Watcher, watch } from "../scene/live.ts";

/** The last value of a topic, and whether the server is there; undefined until the first comes. */
export function useLive<T>(
  topic: string,
  query: Watcher["query"],
  onError: (message: string) => void,
): { readonly value: T | undefined; readonly isLinked: boolean } {
  const [value, setValue] = useState<T>();
  const [isLinked, setLinked] = useState(true);
  const tell = useRef(onError);
  tell.current = onError;
  const key = JSON.stringify(query);
  useEffect(() => {
    setValue(undefined);
    return watch({
      topic,
      query: JSON.parse(key) as Watcher["query"],
      // the server is of the same version: its values are as described
      onValue: ({ value: next }) => setValue(next as T),
      onError: (message) => tell.current(message),
      onLink: setLinked,
    });
  }, [topic, key]);
  return { value, isLinked };
}
