import { useCallback, useEffect, useMemo, useState } from "react";
import type { History } from "../core/useHistory.ts";
import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { brushedRows } from "./brush.ts";
import { type Coloring, classColoring, featureColoring, groupColoring, PLAIN } from "./colors.ts";
import type { ObjectGroups } from "./groups.ts";
import type { ObjectLook, ObjectState } from "./look.ts";
import type { ObjectTable } from "./objectTable.ts";
import { useDrawn } from "./useDrawn.ts";
import { useGroups } from "./useGroups.ts";
import { useObjectSource } from "./useObjectSource.ts";
import { useObjectTable } from "./useObjectTable.ts";

/** What {@link useObjectModel} takes. */
export interface ModelOptions {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly size: { readonly width: number; readonly height: number };
  readonly perform: History["perform"];
  readonly onError: (message: string) => void;
}

/** Features that a table has columns of at most. */
export const MOST_COLUMNS = 30;

/** The map objects that the state names: drawn, as a table, brushed, selected, coloured; and how they are changed. */
export type ObjectModel = ReturnType<typeof useObjectModel>;

/** Makes the model of a scene's objects. */
export function useObjectModel({ scene, state, size, perform, onError }: ModelOptions) {
  const { objects: type, places } = state;
  const source = useObjectSource({ scene, state, perform, onError });
  const { types, revision, isOfLabels } = source;
  const at = source.at ?? "";
  const own = types.find(({ name }) => name === type);
  const hasOutlines = !isOfLabels && (scene.experiment !== undefined || own !== undefined);
  const outlinesAt = hasOutlines ? source.at : undefined;
  const { drawn, inView } = useDrawn({ at: outlinesAt, scene, state, size, revision, onError });
  const isListed = own === undefined ? undefined : type;
  const features = useMemo(() => neededFeatures(state, own?.features ?? []), [state, own]);
  const { table, values } = useObjectTable({ at, type: isListed, places, features, revision, onError });
  const { selected, select, chosen } = useSelection(table, `${at} ${type}`);
  const brush = useMemo(
    () => (table && state.brush ? brushedRows(state.brush, values, table.ids.length) : undefined),
    [table, state.brush, values],
  );
  const groups = useGroups({ at, type: isListed, places, table, by: state.groups, onError });
  const coloring = useMemo(
    () => table && coloringOf(state, { table, values, groups }),
    [state, table, values, groups],
  );
  const look = useMemo(
    () => lookOf({ table, coloring, brush, selected }),
    [table, coloring, brush, selected],
  );
  return {
    at,
    source,
    types,
    own,
    drawn,
    inView,
    table,
    values,
    brush,
    selected,
    select,
    chosen,
    coloring,
    look,
    edit: source.edit,
    groups,
    revision,
  };
}

function neededFeatures(
  { feature, brush = {}, plot = [], isTableOpen = false }: ViewState,
  all: readonly string[],
): string[] {
  const named = [...(feature === undefined ? [] : [feature]), ...Object.keys(brush), ...plot];
  const listed = isTableOpen ? all.slice(0, MOST_COLUMNS) : [];
  return [...new Set([...named, ...listed])].filter((name) => all.includes(name));
}

/** Selected objects stay so when the table is read anew; the chosen one is the only one that is selected. */
function useSelection(table: ObjectTable | undefined, type: string) {
  const [ids, setIds] = useState<ReadonlySet<number>>(NONE);
  // biome-ignore lint/correctness/useExhaustiveDependencies: objects of another type are others
  useEffect(() => setIds(NONE), [type]);
  const selected = useMemo(() => {
    const rows = [...ids].map((id) => table?.rowOf.get(id));
    return new Set(rows.filter((row) => row !== undefined));
  }, [ids, table]);
  const select = useCallback(
    (rows: Iterable<number>, isAdded = false) => {
      const chosen = [...rows].flatMap((row) => table?.ids[row] ?? []);
      setIds((before) => new Set(isAdded ? [...before, ...chosen] : chosen));
    },
    [table],
  );
  const [only] = selected;
  return { selected, select, chosen: selected.size === 1 ? table?.ids[only] : undefined };
}

const NONE: ReadonlySet<number> = new Set();

interface ColoringOf {
  readonly table: ObjectTable;
  readonly values: ReadonlyMap<string, Float32Array>;
  readonly groups: ObjectGroups | undefined;
}

function coloringOf(
  { colorBy, feature, featureRange: range, featureMap: map }: ViewState,
  { table, values, groups }: ColoringOf,
): Coloring | undefined {
  if (colorBy === "class") return classColoring(table);
  if (colorBy === "groups") return groups && groupColoring(groups.groups, groups.groupOf);
  const column = feature === undefined ? undefined : values.get(feature);
  return column && featureColoring(column, { range, map });
}

interface LookOf {
  readonly table: ObjectTable | undefined;
  readonly coloring: Coloring | undefined;
  readonly brush: Uint32Array | undefined;
  readonly selected: ReadonlySet<number>;
}

function lookOf({ table, coloring, brush, selected }: LookOf): ObjectLook {
  const states = new Uint8Array(table?.ids.length ?? 0).fill(brush === undefined ? 1 : 0);
  if (brush !== undefined) for (const row of brush) states[row] = 1;
  for (const row of selected) states[row] = 2;
  const rowOf = (id: number) => table?.rowOf.get(id) ?? -1;
  return {
    opacity: coloring === undefined ? 0.2 : 1,
    colorOf: (id) => coloring?.colorOf(rowOf(id)) ?? PLAIN,
    stateOf: (id) => STATES[states[rowOf(id)] ?? 1],
  };
}

const STATES: readonly ObjectState[] = ["dim", "plain", "chosen"];
