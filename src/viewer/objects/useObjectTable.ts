import { useEffect, useState } from "react";
import { type ObjectsOf, type ObjectTable, readFeatureValues, readObjectTable } from "./objectTable.ts";

interface TableOptions extends Omit<ObjectsOf, "type"> {
  /** Undefined: none is looked at. */
  readonly type: string | undefined;
  /** Features that are needed. */
  readonly features: readonly string[];
  /** Another number reads everything anew. */
  readonly revision: number;
  readonly onError: (message: string) => void;
}

/** All objects of a type and the features of theirs that are needed, as they come. */
export function useObjectTable({ at, type, places, features, revision, onError }: TableOptions) {
  const [table, setTable] = useState<ObjectTable>();
  const [values, setValues] = useState<{
    readonly table: ObjectTable;
    readonly byName: ReadonlyMap<string, Float32Array>;
  }>();
  const key = JSON.stringify(places);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds places; another revision is read anew
  useEffect(() => {
    if (type === undefined) return setTable(undefined);
    const gone = new AbortController();
    readObjectTable({ at, type, places }, gone.signal).then(
      setTable,
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [at, type, key, revision]);

  const known = values?.table === table ? values?.byName : undefined;
  const missing = JSON.stringify(features.filter((name) => !known?.has(name)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the text holds what is read
  useEffect(() => {
    const names = JSON.parse(missing) as string[];
    if (table === undefined || type === undefined || names.length === 0) return;
    const gone = new AbortController();
    const read = async (feature: string) =>
      [feature, await readFeatureValues({ at, type, places }, { feature, table }, gone.signal)] as const;
    Promise.all(names.map(read)).then(
      (columns) =>
        setValues((before) => ({
          table,
          byName: new Map([...(before?.table === table ? before.byName : []), ...columns]),
        })),
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [missing, table]);

  return { table, values: known ?? NONE };
}

const NONE: ReadonlyMap<string, Float32Array> = new Map();
