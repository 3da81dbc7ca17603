import { useEffect, useState } from "react";
import { type GroupsBy, type ObjectGroups, readGroups } from "./groups.ts";
import type { ObjectsOf, ObjectTable } from "./objectTable.ts";

interface GroupsOptions extends Omit<ObjectsOf, "type"> {
  readonly type: string | undefined;
  readonly table: ObjectTable | undefined;
  /** Undefined: none are asked for. */
  readonly by: GroupsBy | undefined;
  readonly onError: (message: string) => void;
}

/** The groups that the state names; undefined until they are there. */
export function useGroups({ at, type, places, table, by, onError }: GroupsOptions): ObjectGroups | undefined {
  const [groups, setGroups] = useState<ObjectGroups>();
  const key = JSON.stringify([by, places]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds what is asked for
  useEffect(() => {
    setGroups(undefined);
    if (by === undefined || table === undefined || type === undefined) return;
    const gone = new AbortController();
    readGroups({ at, type, places }, by, { table, signal: gone.signal }).then(
      setGroups,
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [at, type, table, key]);
  return groups?.table === table ? groups : undefined;
}
