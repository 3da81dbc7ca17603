import { VitrineError } from "../../core/index.ts";
import { type MrcHeader, openMrc } from "../../io/index.ts";
import type { LensTable } from "./lensTable.ts";

/** Images of a file, with the rows of their table. */
export interface StackSource {
  readonly path: string;
  readonly lens: LensTable;
  /** Images of the file, counted from 0; undefined takes all of them, with as many rows of the table as follow `firstRow`. */
  readonly images?: readonly number[];
  /** Rows of the table, as many as images. */
  readonly rows?: readonly number[];
  /** Where images and table come in pairs: no stack holds images of two files. */
  readonly isPaired: boolean;
}

/** Images of a file whose number is known. */
export interface PlannedSource {
  readonly path: string;
  readonly lens: LensTable;
  readonly images: readonly number[];
  readonly rows: readonly number[];
  readonly isPaired: boolean;
  readonly header: MrcHeader;
}

/** A stack that is written: parts of sources, in order. */
export interface PlannedStack {
  readonly parts: readonly { readonly source: PlannedSource; readonly from: number; readonly to: number }[];
  readonly count: number;
  /** Of its first image in its own file, of pairs. */
  readonly start?: number;
}

/**
 * Reads the headers of all files.
 *
 * @throws {VitrineError} range: an image that a file does not have; shape: another number of images than rows; unsupported: complex values;
 *   and the errors of `openMrc`
 */
export async function planSources(sources: readonly StackSource[]): Promise<PlannedSource[]> {
  const planned: PlannedSource[] = [];
  const taken = new Map<LensTable, number>();
  for (const source of sources) {
    const header = await readHeader(source.path);
    const first = taken.get(source.lens) ?? 0;
    const images = source.images ?? Array.from({ length: header.shape[0] }, (_, i) => i);
    const rows = source.rows ?? images.map((_, i) => first + i);
    taken.set(source.lens, first + images.length);
    checkSource({ ...source, images, rows }, header);
    const { path, lens, isPaired } = source;
    planned.push({ path, lens, isPaired, images, rows, header });
  }
  return planned;
}

async function readHeader(path: string): Promise<MrcHeader> {
  const file = await openMrc(path);
  await file.close();
  if (file.header.mode !== 4) return file.header;
  throw new VitrineError({
    code: "unsupported",
    at: `${path} header.mode`,
    expected: "real images",
    found: "4 (complex)",
  });
}

function checkSource(
  { path, lens, isPaired, images, rows }: Required<StackSource>,
  { shape: [sections] }: MrcHeader,
): void {
  const beyond = images.find((image) => image >= sections);
  if (beyond !== undefined)
    throw wrong("range", path, `image ${beyond + 1}, which ${lens.name} names`, `${sections} images`);
  if (isPaired && rows.length !== lens.count)
    throw wrong(
      "shape",
      path,
      `${lens.count} images, as many as particles in ${lens.name}`,
      `${rows.length}`,
    );
  const last = rows.reduce((most, row) => Math.max(most, row), -1);
  if (last >= lens.count)
    throw wrong(
      "shape",
      path,
      `at most ${lens.count} images, as many as particles in ${lens.name}`,
      `${last + 1}`,
    );
}

/** Divides images into stacks: pairs file by file, others across files. @throws {VitrineError} range: sizes that are not whole and above 0 */
export function planStacks(
  sources: readonly PlannedSource[],
  { batchSize, nStacksMax }: { readonly batchSize: number; readonly nStacksMax: number | undefined },
): PlannedStack[] {
  for (const [name, value] of [
    ["batchSize", batchSize],
    ["nStacksMax", nStacksMax ?? 1],
  ] as const)
    if (!(Number.isInteger(value) && value >= 1))
      throw wrong("range", name, "a whole number of at least 1", `${value}`);
  const stacks = sources.some(({ isPaired }) => isPaired)
    ? sources.flatMap((source) => stacksOf([source], batchSize, true))
    : stacksOf(sources, batchSize, false);
  return stacks.slice(0, nStacksMax);
}

function stacksOf(sources: readonly PlannedSource[], batchSize: number, isPaired: boolean): PlannedStack[] {
  const stacks: PlannedStack[] = [];
  let parts: PlannedStack["parts"][number][] = [];
  let [count, start] = [0, 0];
  const end = () => {
    stacks.push({ parts, count, ...(isPaired && { start }) });
    start += count;
    [parts, count] = [[], 0];
  };
  for (const source of sources)
    for (let from = 0; from < source.images.length; ) {
      const to = Math.min(source.images.length, from + batchSize - count);
      parts.push({ source, from, to });
      count += to - from;
      from = to;
      if (count === batchSize) end();
    }
  if (count > 0) end();
  return stacks;
}

function wrong(code: "range" | "shape", at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code, at, expected, found });
}
