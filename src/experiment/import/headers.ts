/** What files themselves say of their images: size, type, axes, pixel size, stage. No pixel is read. */

import { resolve } from "node:path";
import { requireNotAborted, VitrineError } from "../../core/index.ts";
import {
  convertUnit,
  type ImageCollection,
  type ImageSource,
  openImages,
  type SourceChannel,
  type StagePlace,
  type StagePlaces,
  unitName,
} from "../../io/index.ts";
import type { FoundImage } from "./found.ts";
import { groupBy } from "./group.ts";
import { type StageTags, stageTags } from "./stageTags.ts";

/** An image of a file. */
export interface Header extends StageTags {
  readonly height: number;
  readonly width: number;
  readonly dtype: string;
  /** Lengths of the axes but y, x, sample. */
  readonly outer: Readonly<Record<string, number>>;
  readonly channels: readonly SourceChannel[];
  /** Its number in the file. */
  readonly imageIndex: number;
  /** The axis `time` is pages of which the file says nothing. */
  readonly isPages: boolean;
}

/** Headers by {@link headerKey}, and what could not be read. */
export interface Headers {
  readonly headers: ReadonlyMap<string, Header>;
  /** Paths with the reason. */
  readonly unreadable: ReadonlyMap<string, string>;
  readonly warnings: readonly string[];
}

/** Files that are read at once. */
const AT_ONCE = 8;

/** Which image of which file. */
export function headerKey({ path, image }: Pick<FoundImage, "path" | "image">): string {
  return `${path}\u0000${image ?? ""}`;
}

/**
 * Reads the headers of all images, some files at once; a file that cannot be read is one of `unreadable`.
 *
 * @param root  what paths are relative to
 * @throws {VitrineError} aborted
 */
export async function readHeaders(
  root: string,
  images: readonly FoundImage[],
  {
    signal,
    onFile,
  }: { readonly signal?: AbortSignal; readonly onFile?: (done: number, of: number) => void } = {},
): Promise<Headers> {
  const headers = new Map<string, Header>();
  const unreadable = new Map<string, string>();
  const warnings = new Set<string>();
  const files = groupBy(
    new Map(images.map((image) => [headerKey(image), image])).values(),
    ({ path }) => path,
  );
  const queue = files.entries();
  let done = 0;
  const work = async () => {
    for (const [path, wanted] of queue) {
      requireNotAborted(signal, `import of ${root}`);
      try {
        await readFile(resolve(root, path), wanted, { headers, unreadable, warnings });
      } catch (error) {
        if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
        unreadable.set(path, error.message);
      }
      onFile?.(++done, files.size);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { headers, unreadable, warnings: [...warnings] };
}

async function readFile(
  path: string,
  wanted: readonly FoundImage[],
  into: {
    readonly headers: Map<string, Header>;
    readonly unreadable: Map<string, string>;
    readonly warnings: Set<string>;
  },
): Promise<void> {
  await using collection = await openImages(path);
  for (const warning of collection.warnings) into.warnings.add(warning);
  const places = new Map<string, FieldPlace>();
  for (const one of wanted) {
    const name = one.image ?? collection.images[0];
    try {
      await using image = await collection.open(name);
      const header = headerOf(image, {
        format: collection.format,
        imageIndex: collection.images.indexOf(name),
      });
      into.headers.set(headerKey(one), header);
      if (collection.plate !== undefined) places.set(headerKey(one), fieldPlace(image, header));
      for (const warning of image.warnings) into.warnings.add(warning);
    } catch (error) {
      // one image of many is no reason to lose the others
      if (!(error instanceof VitrineError) || error.code === "aborted" || wanted.length === 1) throw error;
      into.unreadable.set(`${one.path} ${name}`.trim(), error.message);
    }
  }
  if (collection.plate === undefined) return;
  // fields of which none says where it is all lie at 0
  const isPlaced = new Set([...places.values()].map(({ corner }) => String(corner))).size > 1;
  const stage = isPlaced ? undefined : await toldStage(collection, into.warnings);
  for (const one of wanted) {
    const [key, header] = [headerKey(one), into.headers.get(headerKey(one))];
    const place = isPlaced
      ? places.get(key)?.tags
      : stagePlaceOf(stage?.get(one.image ?? collection.images[0]));
    if (header !== undefined) into.headers.set(key, { ...place, ...header });
  }
}

/** Where a field of a plate lies. */
interface FieldPlace {
  /** (y, x), in the axes' own units. */
  readonly corner: readonly number[];
  /** Its centre in µm, where the axes have units of length. */
  readonly tags: StageTags;
}

/** Where a field of a plate lies by its full resolution's translation, which is that of the first pixel's centre. */
function fieldPlace(
  { axes, levels: [{ scale, translation }] }: ImageSource,
  { height, width }: Header,
): FieldPlace {
  const sides = [
    ["y", height],
    ["x", width],
  ] as const;
  const at = sides.map(([name]) => axes.findIndex((axis) => axis.name === name));
  const [y, x] = sides.map(([, length], i) => {
    const { unit } = axes[at[i]];
    const centre = translation[at[i]] + ((length - 1) / 2) * scale[at[i]];
    return unit === undefined ? undefined : convertUnit(centre, unit, "micrometer");
  });
  const tags = y === undefined || x === undefined ? {} : { positionUm: [y, x] as const };
  return { corner: at.map((axis) => translation[axis]), tags };
}

async function toldStage(
  collection: ImageCollection,
  warnings: Set<string>,
): Promise<StagePlaces | undefined> {
  try {
    return await collection.stagePlaces?.();
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
    warnings.add(`where the stage was cannot be read: ${error.message}`);
    return undefined;
  }
}

function stagePlaceOf(place: StagePlace | undefined): StageTags {
  const [y, x] = (["y", "x"] as const).map((axis) => {
    const unit = place && unitName(place[axis].unit);
    return unit === undefined
      ? undefined
      : convertUnit(place?.[axis].value ?? Number.NaN, unit, "micrometer");
  });
  return y === undefined || x === undefined ? {} : { positionUm: [y, x] };
}

function headerOf(
  { axes, levels, dtype, channels, metadata }: ImageSource,
  { format, imageIndex }: { readonly format: string; readonly imageIndex: number },
): Header {
  const [{ shape, scale }] = levels;
  const at = (name: string) => axes.findIndex((axis) => axis.name === name);
  const [y, x] = [at("y"), at("x")];
  const inPlane = new Set(["y", "x"]);
  const outer = axes.flatMap(({ name }, i) => (inPlane.has(name) ? [] : [[name, shape[i]] as const]));
  const { unit } = axes[x];
  const pixelSizeUm = unit === undefined ? undefined : convertUnit(scale[x], unit, "micrometer");
  return {
    height: shape[y],
    width: shape[x],
    dtype,
    outer: Object.fromEntries(outer),
    channels,
    imageIndex,
    // tifffile may name axes, MetaMorph says what its planes are
    isPages:
      format === "tiff" &&
      metadata.MetaMorph === undefined &&
      !/"axes"/.test(String(metadata.ImageDescription ?? "")),
    ...(pixelSizeUm !== undefined && { pixelSizeUm }),
    // what a microscope writes beside is more exact than the resolution of printers
    ...stageTags(metadata),
  };
}
