import { TAG } from "../../tiff/directory.ts";
import type { TiffPlanes } from "../../tiff/planes.ts";
import type { TiffPageEntry, TiffPlane, TiffReader } from "../../tiff/reader.ts";
import { readSlide, type Slide, slidePage } from "../../tiff/slide.ts";
import { shapedSeries } from "./series.ts";

/** Pages that are one image. */
export interface PageGroup {
  /** A number, or what a scanner calls a picture of its slide: `label`, `macro`, `thumbnail`. */
  readonly name: string;
  readonly planes: readonly TiffPlane[];
  /** Pages of each lower resolution, one a plane; undefined where only a page itself says which are its own. */
  readonly lower?: readonly (readonly TiffPageEntry[])[];
  /** The scanner, where the image is its slide and no picture beside. */
  readonly slide?: Slide;
  /** It is a reduced copy of nothing that is there, or a picture of a slide: the size of a pixel is not said. */
  readonly isBeside?: boolean;
}

/** Images of a file, and what was guessed. */
export interface PageGroups {
  readonly groups: readonly PageGroup[];
  readonly warnings: readonly string[];
}

/** Whole numbers by which programs reduce an image from one level to the next are at most this. */
const LARGEST_STEP = 8;

/**
 * Images of pages that no OME-XML describes. Arrays of tifffile are images; else pages of one size and type are planes of one, and its lower resolutions are
 * what a scanner of slides calls so, reduced copies, and other pages, as many, whose sizes are whole fractions of its own.
 */
export async function groupPages(reader: TiffReader, found: TiffPlanes): Promise<PageGroups> {
  const { chain } = reader;
  const [first] = chain;
  const isUniform = chain.every((entry) => sizeOf(entry) === sizeOf(first));
  const slide = isUniform && chain.length > 1 ? undefined : await readSlide(await reader.directory(first));
  if (slide !== undefined) return slideGroups(reader, slide);
  const series = chain.every(({ role }) => role === "full")
    ? await shapedSeries(reader, found.planes)
    : undefined;
  if (series !== undefined) return { groups: numbered(series), warnings: [] };
  if (isUniform || isInterleaved(chain)) return { groups: bySize(found.planes), warnings: [] };
  return plainGroups(reader, found);
}

function sizeOf({ page }: TiffPageEntry): string {
  const { width, height, channels, dtype } = page;
  return `${width} x ${height} x ${channels} ${dtype}`;
}

/** Each page has its reduced copies behind it. */
function isInterleaved(chain: readonly TiffPageEntry[]): boolean {
  const reduced = chain.findIndex(({ role }) => role === "reduced");
  return reduced >= 0 && chain.slice(reduced).some(({ role }) => role === "full");
}

function bySize(planes: readonly TiffPlane[]): PageGroup[] {
  return numbered(grouped(planes, ({ entry }) => sizeOf(entry)));
}

function numbered(groups: readonly (readonly TiffPlane[])[]): PageGroup[] {
  return groups.map((planes, i) => ({ name: String(i), planes }));
}

/** In the order of appearance. */
function grouped<T>(all: readonly T[], key: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(key(one));
    if (group === undefined) groups.set(key(one), [one]);
    else group.push(one);
  }
  return [...groups.values()];
}

/** A scanner says what each page is. */
async function slideGroups(reader: TiffReader, slide: Slide): Promise<PageGroups> {
  const levels: TiffPageEntry[] = [];
  const beside: PageGroup[] = [];
  for (const [i, entry] of reader.chain.entries()) {
    const directory = await reader.directory(entry);
    const description = await directory.text(TAG.description);
    const subfile = await directory.number(TAG.subfileType, 0);
    const use = slidePage(slide, { description, subfile, isTiled: entry.isTiled, isFirst: i === 0 });
    if (use === "level") levels.push(entry);
    else
      beside.push({ name: freeName(use, beside), planes: [{ entry, frame: 0 }], lower: [], isBeside: true });
  }
  const [full, ...rest] = grouped(levels, sizeOf);
  const lower = rest.filter((level) => level.length === full.length);
  const others = rest.filter((level) => level.length !== full.length);
  const { name } = reader.file;
  const warnings = others.map(
    (level) =>
      `${name}: ${level.length} pages of ${sizeOf(level[0])} are no resolution of its ${full.length}: left out`,
  );
  if (slide.warning !== undefined) warnings.push(`${name}: ${slide.warning}`);
  return { groups: [{ name: "0", planes: planesOf(full), lower, slide }, ...beside], warnings };
}

function planesOf(entries: readonly TiffPageEntry[]): TiffPlane[] {
  return entries.map((entry) => ({ entry, frame: 0 }));
}

function freeName(name: string, taken: readonly PageGroup[]): string {
  const same = taken.filter((group) => group.name.replace(/ \d+$/, "") === name).length;
  return same === 0 ? name : `${name} ${same + 1}`;
}

/** Sizes tell which pages are resolutions of which. */
function plainGroups(reader: TiffReader, found: TiffPlanes): PageGroups {
  const sizes = grouped(
    reader.chain.filter(({ role }) => role !== "mask"),
    sizeOf,
  );
  const images: { full: TiffPageEntry[]; lower: TiffPageEntry[][] }[] = [];
  const beside: TiffPageEntry[][] = [];
  for (const [i, pages] of sizes.entries()) {
    const image = images.find(({ full, lower }) =>
      isLevel(pages, {
        above: lower.at(-1) ?? full,
        full,
        others: sizes.slice(i + 1),
        isKnown: lower.length > 0,
      }),
    );
    if (image !== undefined) image.lower.push(pages);
    else if (pages[0].role === "full" || images.length === 0) images.push({ full: pages, lower: [] });
    else beside.push(pages);
  }
  const frames = new Map(
    grouped(found.planes, ({ entry }) => sizeOf(entry)).map((all) => [all[0].entry, all]),
  );
  const groups: PageGroup[] = images.map(({ full, lower }, i) => ({
    name: String(i),
    planes: frames.get(full[0]) ?? planesOf(full),
    ...(lower.length > 0 && { lower }),
  }));
  for (const pages of beside)
    groups.push({ name: freeName("thumbnail", groups), planes: planesOf(pages), lower: [], isBeside: true });
  const guessed = images.flatMap(({ lower }) => lower.filter(([page]) => page.role === "full"));
  const { name } = reader.file;
  const warnings = guessed.map(
    ([page]) =>
      `${name}: pages of ${sizeOf(page)} are taken for a lower resolution, as their size is a whole fraction`,
  );
  return { groups, warnings };
}

interface Place {
  readonly above: readonly TiffPageEntry[];
  readonly full: readonly TiffPageEntry[];
  /** Sizes behind this one. */
  readonly others: readonly (readonly TiffPageEntry[])[];
  /** The image has a lower level already. */
  readonly isKnown: boolean;
}

/** Whether pages are the level below: marked so, in tiles as pyramids are, or one of several that shrink by the same step. */
function isLevel(pages: readonly TiffPageEntry[], { above, full, others, isKnown }: Place): boolean {
  const [page, over] = [pages[0], above[0]];
  const step = stepBetween(over, page);
  if (pages.length !== full.length || step === undefined || full[0].subIfds > 0) return false;
  if (page.role === "reduced" || isKnown || (page.isTiled && over.isTiled)) return true;
  return others.some((below) => below.length === pages.length && stepBetween(page, below[0]) === step);
}

/** The whole number by which both sides are divided, rounded up or down; undefined where there is none. */
function stepBetween({ page: above }: TiffPageEntry, { page }: TiffPageEntry): number | undefined {
  if (page.channels !== above.channels || page.dtype !== above.dtype) return undefined;
  for (let step = 2; step <= LARGEST_STEP; step++) {
    const isSide = (full: number, side: number) => Math.abs(full / step - side) < 1 && side >= 1;
    if (isSide(above.width, page.width) && isSide(above.height, page.height)) return step;
  }
  return undefined;
}
