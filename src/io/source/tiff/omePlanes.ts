import { VitrineError } from "../../../core/index.ts";
import type { OmeImage, OmeModel, OmeTiffData } from "../../tiff/ome/model.ts";

/** A plane's page: its number in the chain of directories of a file. */
export interface OmePlane {
  /** Undefined: the file that holds the OME-XML. */
  readonly fileName: string | undefined;
  readonly ifd: number;
}

/** Planes of an image, counted in C order of time, channel, z; those that were never taken are left out. */
export interface OmePlanes {
  readonly channels: number;
  /** Values of a pixel. */
  readonly samples: number;
  readonly planes: ReadonlyMap<number, OmePlane>;
  readonly warnings: readonly string[];
}

interface Context {
  readonly name: string;
  readonly model: OmeModel;
  /** Pages of the file that holds the OME-XML. */
  readonly pages: number;
  /** Of its first page. */
  readonly samples: number;
  /** Whether a name stands for the file that holds the OME-XML. */
  isOwn(fileName: string): boolean;
  pagesOf(fileName: string): Promise<number | undefined>;
}

/** Finds the page of each plane that OME-XML tells of. */
export async function placeOmePlanes(image: OmeImage, context: Context): Promise<OmePlanes> {
  const samples = samplesOf(image, context.samples);
  const channels = Math.max(1, Math.floor(image.sizeC / samples));
  const sizes = { T: image.sizeT, C: channels, Z: image.sizeZ };
  const total = sizes.T * sizes.C * sizes.Z;
  const planes = new Map<number, OmePlane>();
  const warnings: string[] = [];
  const { name } = context;
  const outside = { planes: 0, pages: 0 };
  const spent = { seen: 0, named: 0, files: new Set<string | undefined>() };
  const all: readonly OmeTiffData[] =
    image.data.length > 0 ? image.data : [{ firstT: 0, firstC: 0, firstZ: 0, ifd: 0 }];
  for (const data of all) {
    const fileName = fileOf(data, context);
    const there = fileName === undefined ? context.pages : await context.pagesOf(fileName);
    const first = orderIndex(image.order, sizes, data);
    if (first === undefined) {
      outside.planes++;
      continue;
    }
    // where the file is not there, as many as are told
    const wanted = Math.min(data.planeCount ?? (there ?? 1) - data.ifd, total - first);
    const count = Math.min(wanted, (there ?? Math.min(wanted, MOST_UNSEEN)) - data.ifd);
    if (!spent.files.has(fileName)) spent.seen += there ?? 0;
    spent.files.add(fileName);
    spent.named += Math.max(0, count);
    if (spent.named > MOST_TIMES * spent.seen + MOST_UNSEEN) throw tooMany(name, spent);
    if (count < wanted && data.planeCount !== undefined) outside.pages += wanted - Math.max(0, count);
    for (let i = 0; i < count; i++)
      planes.set(canonicalIndex(image.order, sizes, first + i), { fileName, ifd: data.ifd + i });
  }
  if (outside.planes > 0)
    warnings.push(`${name}: ${outside.planes} entries of TiffData lie outside the image`);
  if (outside.pages > 0)
    warnings.push(`${name}: its TiffData name ${outside.pages} pages that are not there`);
  if (planes.size < total)
    warnings.push(`${name}: ${total - planes.size} of ${total} planes are in no file; they read as zeros`);
  return { channels, samples, planes, warnings };
}

/** Pages of a file that is not there are not counted further. */
const MOST_UNSEEN = 100_000;

/** A page is a plane once; writers that repeat themselves say it twice or so, a damaged file without end. */
const MOST_TIMES = 8;

function tooMany(
  at: string,
  { seen, named }: { readonly seen: number; readonly named: number },
): VitrineError {
  return new VitrineError({
    code: "format",
    at: `${at} TiffData`,
    expected: `each of ${seen} pages once`,
    found: `${named} planes and more`,
    hint: "The OME-XML is damaged",
  });
}

/** What the XML says of its channels, unless the pages are different. */
export function samplesOf({ sizeC, channels }: OmeImage, found: number): number {
  const said = channels[0]?.samples ?? found;
  return said === found || sizeC % found !== 0 ? Math.max(1, Math.min(said, sizeC)) : found;
}

function fileOf({ uuid, fileName }: OmeTiffData, { model, isOwn }: Context): string | undefined {
  if (fileName === undefined || (uuid !== undefined && uuid === model.uuid) || isOwn(fileName))
    return undefined;
  return fileName;
}

type Sizes = Readonly<Record<"T" | "C" | "Z", number>>;

function dimensions(order: string): ("T" | "C" | "Z")[] {
  return [...order].map((letter) => (letter === "T" || letter === "C" ? letter : "Z"));
}

/** Number of a plane in the order of dimensions; undefined outside the image. */
function orderIndex(
  order: string,
  sizes: Sizes,
  { firstT, firstC, firstZ }: OmeTiffData,
): number | undefined {
  const first: Sizes = { T: firstT, C: firstC, Z: firstZ };
  let [index, step] = [0, 1];
  for (const dimension of dimensions(order)) {
    if (first[dimension] >= sizes[dimension]) return undefined;
    index += first[dimension] * step;
    step *= sizes[dimension];
  }
  return index;
}

function canonicalIndex(order: string, sizes: Sizes, index: number): number {
  const at = { T: 0, C: 0, Z: 0 };
  let rest = index;
  for (const dimension of dimensions(order)) {
    at[dimension] = rest % sizes[dimension];
    rest = Math.floor(rest / sizes[dimension]);
  }
  return (at.T * sizes.C + at.C) * sizes.Z + at.Z;
}
