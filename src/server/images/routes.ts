/** Images of any format: what they are, their pixels, pictures of them. */
import { endianness } from "node:os";
import { z } from "zod";
import {
  bytesPerValue,
  type PixelArray,
  type PixelType,
  pixelBytes,
  Semaphore,
  VitrineError,
} from "../../core/index.ts";
import {
  axisOf,
  encodePng,
  type ImageCollection,
  type ImageSource,
  memorySource,
  renderPicture,
  viewLevels,
} from "../../io/index.ts";
import type { Roots } from "../roots.ts";
import { type Answer, type AnyRoute, AT, decimal, integer, json, places, route, span } from "../route.ts";
import type { OpenImages } from "./openImages.ts";
import { planeStatistics } from "./statistics.ts";
import { fixedRegion, readTile } from "./tiles.ts";

/** What routes of images stand on. */
export interface ImageTools {
  readonly roots: Roots;
  readonly images: OpenImages;
}

/** Bytes of an answer at most. */
const MOST_BYTES = 2 ** 26;
/** Reads that run at once: each may hold the bytes of a large block. */
const AT_ONCE = 8;

const IMAGE = z
  .string()
  .max(1000)
  .optional()
  .describe("its name among those of the file, or of a well of its plate; default the first image");
const AS = z
  .enum(["labels"])
  .optional()
  .describe("labels: values are those of objects, which no mean may mix, though the file does not say so");
const PLACES = places().optional().describe("indices on the other axes, default 0: time:0,z:4");
/** Runs a task on the image that a query names, a few at once. */
type OnImage = <T>(
  which: { readonly at: string; readonly image?: string | undefined },
  task: (source: ImageSource) => Promise<T>,
) => Promise<T>;

/** The routes. */
export function imageRoutes({ roots, images }: ImageTools): AnyRoute[] {
  const limit = new Semaphore(AT_ONCE);
  const onImage: OnImage = async ({ at, image }, task) => {
    const path = await roots.resolve(at);
    return limit.run(() => images.withImage(path, image, task));
  };
  const describeImage = route({
    path: "image",
    summary:
      "What an image is: axes, levels, channels; the images of its file, the wells and fields of its plate",
    query: z.strictObject({ at: AT, image: IMAGE, as: AS }),
    gives: ["application/json"],
    async answer({ at, image, as }) {
      const path = await roots.resolve(at);
      const file = await images.withCollection(path, async (collection) => collectionOf(collection));
      const told = (name: string | undefined) =>
        onImage({ at, image: name }, async (source) => describe(shownAs(source, as), roots));
      const [well] = image === undefined ? file.wells.filter(({ fields }) => fields.length > 1) : [];
      // a plate whose first field is lost has others to show
      const what = await told(image).catch((error: unknown) => {
        if (well === undefined) throw error;
        return told(well.image);
      });
      return json({ ...file, ...what });
    },
  });
  return [describeImage, ...pixelRoutes(onImage), ...lookRoutes(onImage)];
}

/** Values as they are. */
function pixelRoutes(onImage: OnImage): AnyRoute[] {
  return [
    route({
      path: "image/tile",
      summary: "A tile of a plane, raw: little-endian, rows from above; its size and type are in headers",
      query: z.strictObject({
        at: AT,
        image: IMAGE,
        level: integer({ max: 40 }).describe("0 is full resolution; each next one half of it"),
        row: integer(),
        column: integer(),
        size: integer({ min: 16, max: 2048 }).optional().describe("side in pixels, default 512"),
        places: PLACES,
        as: AS,
      }),
      gives: ["application/octet-stream"],
      answer: ({ level, row, column, size = 512, places = {}, as, ...which }, signal) =>
        onImage(which, async (source) => {
          const shown = shownAs(source, as);
          const tile = await readTile(shown, { level, row, column, size, places }, signal);
          return rawAnswer(labelled(shown, tile.data), [tile.height, tile.width]);
        }),
    }),
    route({
      path: "image/region",
      summary: "A part of a plane of a level of the file, raw: as a tile",
      query: z.strictObject({
        at: AT,
        image: IMAGE,
        level: integer({ max: 40 }).optional(),
        y: span().optional().describe("rows, default all"),
        x: span().optional().describe("columns, default all"),
        places: PLACES,
      }),
      gives: ["application/octet-stream"],
      answer: ({ level = 0, y, x, places = {}, ...which }, signal) =>
        onImage(which, async (source) => {
          const read = await readPlane(source, { level, y, x, places, signal });
          return rawAnswer(labelled(source, read.data), read.shape);
        }),
    }),
  ];
}

/** What is made of values. */
function lookRoutes(onImage: OnImage): AnyRoute[] {
  return [
    route({
      path: "image/statistics",
      summary: "How the values of a plane are spread, and limits that suit them",
      query: z.strictObject({ at: AT, image: IMAGE, places: PLACES }),
      gives: ["application/json"],
      answer: ({ places = {}, ...which }, signal) =>
        onImage(which, async (source) => json(await planeStatistics(source, places, signal))),
    }),
    route({
      path: "image/picture",
      summary: "A picture of a part of a plane: a PNG in grey, or in a colour",
      query: z.strictObject({
        at: AT,
        image: IMAGE,
        level: integer({ max: 40 }).optional(),
        y: span().optional(),
        x: span().optional(),
        places: PLACES,
        low: decimal().optional().describe("value that is black; default by the values, with high"),
        high: decimal().optional().describe("value that is full"),
        color: z
          .string()
          .regex(/^[0-9A-Fa-f]{6}$/, "six hexadecimal digits")
          .optional(),
        maxSize: integer({ min: 1, max: 4096 }).optional(),
      }),
      gives: ["image/png"],
      answer: (query, signal) => onImage(query, (source) => pictureAnswer(source, query, signal)),
    }),
  ];
}

/** Levels of a file that does not call its values labels may be means of them: of these the first alone counts. */
function shownAs(source: ImageSource, as: "labels" | undefined): ImageSource {
  if (as === undefined || source.isLabels) return source;
  return { ...source, isLabels: true, levels: source.levels.slice(0, 1) };
}

function collectionOf({ format, images, labels, plate, wells, warnings }: ImageCollection) {
  return { format, images, labels, plate: plate ?? null, wells: wells ?? [], fileWarnings: warnings };
}

/** What a viewer knows of an image before it reads any of it. */
function describe(source: ImageSource, { withoutPaths }: Roots) {
  const { name, axes, levels, channels, isLabels, significantBits, parts, warnings } = source;
  return {
    name: withoutPaths(name),
    dtype: shownType(source),
    isLabels,
    channels,
    // a field that is left out is told with its path
    warnings: warnings.map(withoutPaths),
    parts: parts ?? [],
    significantBits: significantBits ?? null,
    axes: axes.map((axis, i) => ({ ...axis, length: levels[0].shape[i], scale: levels[0].scale[i] })),
    levels: levels.map(({ shape, chunkShape }) => ({ shape, chunkShape })),
    views: viewLevels(source).map(({ height, width, factor }) => ({ height, width, factor })),
  };
}

interface PlaneRead {
  readonly level: number;
  readonly y?: readonly [number, number] | undefined;
  readonly x?: readonly [number, number] | undefined;
  readonly places: Readonly<Record<string, number>>;
  readonly signal: AbortSignal;
}

/** A part of a plane. @throws {VitrineError} range: more than an answer may be; and as `source.read` */
async function readPlane(source: ImageSource, { level, y, x, places, signal }: PlaneRead) {
  const shape = source.levels[level]?.shape ?? source.levels[0].shape;
  const rows = y ?? ([0, shape[axisOf(source, "y")]] as const);
  const columns = x ?? ([0, shape[axisOf(source, "x")]] as const);
  const region = { ...fixedRegion(source, places), y: rows, x: columns };
  const lengths = [rows[1] - rows[0], columns[1] - columns[0]];
  requireFits(source, lengths);
  const { data } = await source.read({ level, region, signal });
  return { data, shape: lengths };
}

function requireFits({ name, dtype }: ImageSource, [height, width]: readonly number[]): void {
  const bytes = height * width * bytesPerValue(dtype);
  if (bytes <= MOST_BYTES && height > 0 && width > 0) return;
  const expected = `a part of at most ${MOST_BYTES / 2 ** 20} MiB that is not empty`;
  throw new VitrineError({
    code: "range",
    at: name,
    expected,
    found: `${height} x ${width} values of ${dtype}`,
  });
}

interface PictureQuery extends Pick<PlaneRead, "y" | "x"> {
  readonly level?: number | undefined;
  readonly places?: PlaneRead["places"] | undefined;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
  readonly color?: string | undefined;
  readonly maxSize?: number | undefined;
}

async function pictureAnswer(source: ImageSource, query: PictureQuery, signal: AbortSignal): Promise<Answer> {
  const { level = 0, places = {}, y, x, low, high, color, maxSize = 2048 } = query;
  if ((low === undefined) !== (high === undefined) || (low !== undefined && low >= high!))
    throw new VitrineError({
      code: "range",
      at: "low and high",
      expected: "both or none, low below high",
      found: `${low} and ${high}`,
    });
  const { data, shape } = await readPlane(source, { level, places, y, x, signal });
  const part = memorySource(
    { data, axes: ["y", "x"], shape },
    { name: source.name, isLabels: source.isLabels },
  );
  const picture = await renderPicture(part, {
    maxSize,
    signal,
    scaleBar: false,
    ...(low !== undefined && { range: [low, high!] as const }),
    ...(color !== undefined && !source.isLabels && { colors: [color] }),
  });
  return { type: "image/png", body: encodePng(picture) };
}

/** Labels of 64 bits as whole numbers: the page shows no float64, and float32 keeps those up to 2²⁴ alone. */
function labelled(source: ImageSource, data: PixelArray): PixelArray {
  if (shownType(source) === source.dtype) return data;
  const wrong = data.find((value) => value !== (value | 0));
  if (wrong === undefined) return Int32Array.from(data);
  throw new VitrineError({
    code: "range",
    at: source.name,
    expected: "labels: whole numbers of 32 bits",
    found: String(wrong),
  });
}

/** The type of the values that the page is given. */
function shownType({ isLabels, dtype }: ImageSource): PixelType {
  return isLabels && dtype === "float64" ? "int32" : dtype;
}

/** Values as little-endian bytes, whatever machine this is. */
function rawAnswer(data: PixelArray, shape: readonly number[]): Answer {
  const values = data instanceof Float64Array ? Float32Array.from(data) : data;
  const bytes = pixelBytes(values);
  if (endianness() === "BE") swapBytes(bytes, values.BYTES_PER_ELEMENT);
  const type = values.constructor.name.replace("Array", "").toLowerCase();
  return {
    type: "application/octet-stream",
    body: bytes,
    headers: { "X-Vitrine-Shape": shape.join(","), "X-Vitrine-Type": type },
  };
}

function swapBytes(bytes: Uint8Array, size: number): void {
  for (let at = 0; at < bytes.length; at += size) bytes.subarray(at, at + size).reverse();
}
