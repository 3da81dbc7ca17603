/** Labels of a label image: a point each, with features of a table, and classes in a CSV file beside the image. */
import { VitrineError } from "../../core/index.ts";
import {
  type Experiment,
  editMapobjects,
  importLabelFeatures,
  importLabelPoints,
  readMapobjectColumns,
} from "../../experiment/index.ts";
import { formatCsv, type ImageSource, parseCsv, readText } from "../../io/index.ts";
import type { Sidecar } from "./sidecar.ts";

/** The one type of objects of a label image. */
export const LABELS = "Labels";

interface LoadOptions {
  readonly sidecar: Sidecar;
  readonly table: string | undefined;
  /** Whether there are classes. */
  readonly isThere: boolean;
  readonly onLog: (message: string) => void;
}

const COLUMNS = ["label", "class", "color"] as const;

/**
 * Reads where labels lie, their features and classes.
 *
 * @returns  what would be lost if the file of classes were written anew; undefined: nothing
 * @throws {VitrineError} type, range, shape: no label image; format: a table or a file of classes that is damaged
 */
export async function loadLabels(
  experiment: Experiment,
  source: ImageSource,
  { sidecar, table, isThere, onLog }: LoadOptions,
): Promise<string | undefined> {
  await importLabelPoints(experiment, { source, type: LABELS });
  if (table !== undefined) await importLabelFeatures(experiment, { path: table, type: LABELS }, { onLog });
  return isThere ? loadClasses(experiment, sidecar) : undefined;
}

async function loadClasses(experiment: Experiment, { path, name }: Sidecar): Promise<string | undefined> {
  const { columns, rows } = parseCsv(await readText(path), name);
  if (columns.join() !== COLUMNS.join())
    throw new VitrineError({
      code: "format",
      at: name,
      expected: `the columns ${COLUMNS.join(", ")}`,
      found: columns.join(", "),
      hint: "Move the file away: it is no list of classes of labels",
    });
  const { ids, labels } = await readMapobjectColumns(experiment, { type: LABELS });
  const idOf = new Map([...labels].map((label, i) => [label, ids[i]]));
  const groups = new Map<string, number[]>();
  let unknown = 0;
  for (const [i, { label, class: className, color }] of rows.entries()) {
    if (!/^\d+$/.test(label) || className === "" || !/^([0-9A-Fa-f]{6})?$/.test(color))
      throw new VitrineError({
        code: "format",
        at: `${name} row ${i + 1}`,
        expected: "a label, a class, and a colour of six hexadecimal digits or none",
        found: `${label},${className},${color}`,
      });
    const id = idOf.get(Number(label));
    if (id === undefined) unknown++;
    else {
      const key = JSON.stringify([className, color]);
      const members = groups.get(key);
      if (members === undefined) groups.set(key, [id]);
      else members.push(id);
    }
  }
  const classify = [...groups].map(([key, members]) => {
    const [className, color] = JSON.parse(key) as [string, string];
    return { className, ids: members, ...(color !== "" && { classColor: color }) };
  });
  if (classify.length > 0) await editMapobjects(experiment, { type: LABELS, classify });
  return unknown === 0 ? undefined : `classes of ${unknown} labels that are not in the image`;
}

/** Writes the file of classes anew. @throws {VitrineError} busy, storage */
export async function saveClasses(
  experiment: Experiment,
  sidecar: Sidecar,
  known: string | undefined,
): Promise<string | undefined> {
  const { labels, classes, classOf } = await readMapobjectColumns(experiment, { type: LABELS });
  const rows = [...labels].flatMap((label, i) => {
    const own = classes[classOf[i]];
    return own === undefined ? [] : [{ label, class: own.name, color: own.color ?? "" }];
  });
  return sidecar.write(new TextEncoder().encode(formatCsv(COLUMNS, rows)), known);
}
