import { readAtoms } from "../atoms/read.ts";
import { readNpyRecords } from "../npyRecords.ts";
import { readStar } from "../star/format.ts";
import { openTiff } from "../tiff/tiffFile.ts";
import type { LayoutDescription } from "./dataset.ts";

/** What is known of a STAR file: of each block the names of its single values and its tables. */
export interface StarDescription {
  readonly kind: "star";
  readonly blocks: readonly {
    readonly name: string;
    readonly values: readonly string[];
    readonly tables: readonly { readonly columns: readonly string[]; readonly rows: number }[];
  }[];
}

/** What is known of a `.cs` file of cryoSPARC. */
export interface CryosparcDescription {
  readonly kind: "cryosparc";
  readonly records: number;
  /** Types of numpy by names of fields: `f4`, `f4 x 3`, `text`. */
  readonly fields: Readonly<Record<string, string>>;
  /** How many records name each micrograph; absent where they name none. */
  readonly micrographs?: Readonly<Record<string, number>>;
}

/** What is known of a structure. */
export interface AtomsDescription {
  readonly kind: "pdb" | "mmcif";
  readonly models: number;
  /** Of the first model, as are the others. */
  readonly atoms: number;
  readonly chains: readonly string[];
  /** How many of each, the most frequent first. */
  readonly elements: Readonly<Record<string, number>>;
  /** Least and greatest coordinates, xyz in Å. */
  readonly boxA: readonly [from: readonly number[], to: readonly number[]];
  /** What was left out or guessed; absent where nothing was. */
  readonly warnings?: readonly string[];
}

/** What is known of a TIFF file. */
export interface TiffDescription {
  readonly kind: "tiff";
  readonly bytes: number;
  readonly pages: number;
  readonly layouts: readonly LayoutDescription[];
  readonly pixelSizeA?: number;
  /** What was left out or guessed; absent where nothing was. */
  readonly warnings?: readonly string[];
}

/** A STAR file by its blocks. */
export async function describeStar(path: string): Promise<StarDescription> {
  const { blocks } = await readStar(path);
  return {
    kind: "star",
    blocks: blocks.map(({ name, items }) => ({
      name,
      values: items.flatMap((item) => (item.kind === "pair" ? [item.name] : [])),
      tables: items.flatMap((item) =>
        item.kind === "table" ? [{ columns: item.columns, rows: item.rows }] : [],
      ),
    })),
  };
}

/** Fields that name the micrograph of a record. */
const MICROGRAPHS = ["location/micrograph_path", "micrograph_blob/path"];

/** A `.cs` file by its fields. */
export async function describeCryosparc(path: string): Promise<CryosparcDescription> {
  const records = await readNpyRecords(path);
  const fields = records.fields.map((name) => [name, records.type(name)]);
  const named = MICROGRAPHS.find((name) => records.has(name));
  const counts = new Map<string, number>();
  for (let row = 0; named !== undefined && row < records.rows; row++) {
    const name = records.text(row, named).replace(/^>/, ""); // before paths of files that were imported
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return {
    kind: "cryosparc",
    records: records.rows,
    fields: Object.fromEntries(fields),
    ...(named !== undefined && { micrographs: Object.fromEntries(counts) }),
  };
}

/** A PDB or mmCIF file by its models. */
export async function describeAtoms(path: string, kind: AtomsDescription["kind"]): Promise<AtomsDescription> {
  const { models, warnings } = await readAtoms(path);
  const [atoms] = models;
  const counts = new Map<string, number>();
  const from = [Infinity, Infinity, Infinity];
  const to = [-Infinity, -Infinity, -Infinity];
  for (const { element, x, y, z } of atoms) {
    counts.set(element, (counts.get(element) ?? 0) + 1);
    for (const [axis, value] of [x, y, z].entries()) {
      from[axis] = Math.min(from[axis], value);
      to[axis] = Math.max(to[axis], value);
    }
  }
  const elements = Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
  const chains = [...new Set(atoms.map(({ chain }) => chain))];
  const counted = { models: models.length, atoms: atoms.length, chains, elements };
  return { kind, ...counted, boxA: [from, to], ...(warnings.length > 0 && { warnings }) };
}

/** Of every page, what its directory says. */
export async function describeTiff(path: string, bytes: number): Promise<TiffDescription> {
  const { pages, pixelSizeA, close } = await openTiff(path);
  await close();
  const layouts = new Map<string, LayoutDescription>();
  for (const { width, height, channels, dtype } of pages) {
    const key = `${width} ${height} ${channels} ${dtype}`;
    layouts.set(key, { width, height, channels, dtype, images: (layouts.get(key)?.images ?? 0) + 1 });
  }
  const size = pixelSizeA === undefined ? {} : { pixelSizeA };
  return { kind: "tiff", bytes, pages: pages.length, layouts: [...layouts.values()], ...size };
}
