/** What files themselves say of their images: size, type, axes, pixel size, stage. No pixel is read. */

import { resolve } from "node:path";
import { requireNotAborted, VitrineError } from "../../core/index.ts";
import { convertUnit, type ImageSource, openImages, type SourceChannel } from "../../io/index.ts";
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
        await readFile(resolve(root, path), wanted, { headers, warnings });
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
  into: { readonly headers: Map<string, Header>; readonly warnings: Set<string> },
): Promise<void> {
  await using collection = await openImages(path);
  for (const warning of collection.warnings) into.warnings.add(warning);
  for (const one of wanted) {
    const name = one.image ?? collection.images[0];
    await using image = await collection.open(name);
    into.headers.set(headerKey(one), headerOf(image, collection.images.indexOf(name)));
    for (const warning of image.warnings) into.warnings.add(warning);
  }
}

function headerOf({ axes, levels, dtype, channels, metadata }: ImageSource, imageIndex: number): Header {
  const [{ shape, scale }] = levels;
  const at = (name: string) => axes.findIndex((axis) => axis.name === name);
  const [y, x] = [at("y"), at("x")];
  const inPlane = new Set(["y", "x", "sample"]);
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
    ...(pixelSizeUm !== undefined && { pixelSizeUm }),
    // what a microscope writes beside is more exact than the resolution of printers
    ...stageTags(metadata),
  };
}
