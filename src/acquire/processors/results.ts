import { axesKey, describeAxes, layoutOf, plainJson, VitrineError } from "../../core/index.ts";
import type { Axes, PixelImage } from "../../io/index.ts";
import { type ImageMetadata, pixelTypeName } from "../engine/metadata.ts";
import type { ImageAndMetadata } from "./processor.ts";

/** What of the metadata decides where an image is saved, as it was before the processor saw it. */
export interface Origin {
  readonly axes: Axes;
  readonly channel: unknown;
}

type UncheckedMetadata = Readonly<Record<string, unknown>>;

/** Notes where an image would be saved unchanged. */
export function originOf(metadata: UncheckedMetadata): Origin {
  return { axes: axesOf(metadata, "metadata"), channel: metadata.Channel };
}

/**
 * The images that a processor returned, each with metadata that fit it: `Axes.channel` follows a changed `Channel`, and `Width`,
 * `Height`, `PixelType` and `BitDepth` are those of the pixels.
 *
 * @throws {VitrineError} type, shape: not what a processor may return; exists: two images with equal axes
 */
export function imagesOf(result: unknown, origin: Origin): ImageAndMetadata[] {
  if (result === null || result === undefined) return [];
  const images = isSingle(result) ? [result] : result;
  if (!Array.isArray(images)) throw wrongResult("what it returned", result);
  const named = images.map((pair, index) =>
    checkedPair(pair, images.length === 1 ? "" : ` ${index}`, origin),
  );
  refuseEqualAxes(named);
  return named;
}

/** A pair starts with an image, a list with a pair. */
function isSingle(result: unknown): boolean {
  return Array.isArray(result) && result.length === 2 && !Array.isArray(result[0]);
}

function checkedPair(pair: unknown, which: string, origin: Origin): ImageAndMetadata {
  if (!Array.isArray(pair) || pair.length !== 2) throw wrongResult(`image${which}`, pair);
  const [image, metadata]: unknown[] = pair;
  if (!isImage(image) || !isObject(metadata)) throw wrongResult(`image${which}`, pair);
  const layout = layoutOf(image, `image processor, image${which}`);
  const wasOfType = metadata.PixelType === pixelTypeName(layout);
  const plain = plainJson(metadata, `image processor, metadata${which}`) as UncheckedMetadata;
  const Axes = renamedAxes(plain, origin);
  const complete: ImageMetadata = {
    ...plain,
    Width: layout.width,
    Height: layout.height,
    PixelType: pixelTypeName(layout),
    Axes,
  };
  if (!wasOfType) complete.BitDepth = image.data.BYTES_PER_ELEMENT * 8;
  return [image, complete];
}

/** A processor that renames the channel, as Pycro-Manager's documentation shows, means the axis too. */
function renamedAxes(metadata: UncheckedMetadata, origin: Origin): Axes {
  const axes = axesOf(metadata, "image processor, metadata");
  const channel = metadata.Channel;
  if (typeof channel !== "string" && typeof channel !== "number") return axes;
  if (channel === origin.channel || axes.channel !== origin.axes.channel) return axes;
  return { ...axes, channel };
}

function refuseEqualAxes(images: readonly ImageAndMetadata[]): void {
  const seen = new Set<string>();
  for (const [, { Axes: axes }] of images) {
    const key = axesKey(axes);
    if (seen.has(key))
      throw new VitrineError({
        code: "exists",
        at: "image processor",
        expected: "images with different axes",
        found: `two with ${describeAxes(axes)}`,
        hint: "Change metadata.Axes or metadata.Channel of one of them, on a copy of the metadata",
      });
    seen.add(key);
  }
}

/** `metadata.Axes`, checked. @throws {VitrineError} type */
export function axesOf(metadata: UncheckedMetadata, at: string): Axes {
  const axes = metadata.Axes;
  if (isAxes(axes)) return { ...axes };
  throw new VitrineError({
    code: "type",
    at: `${at}.Axes`,
    expected: "axes, each with a whole number or a string",
    found: JSON.stringify(axes) ?? "nothing",
  });
}

function isAxes(value: unknown): value is Axes {
  if (!isObject(value)) return false;
  return Object.values(value).every((each) => typeof each === "string" || Number.isInteger(each));
}

function isObject(value: unknown): value is UncheckedMetadata {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isImage(value: unknown): value is PixelImage {
  return isObject(value) && "data" in value && "width" in value && "height" in value && "channels" in value;
}

function wrongResult(at: string, found: unknown): VitrineError {
  return new VitrineError({
    code: "type",
    at: `image processor, ${at}`,
    expected:
      "[image, metadata] with image = { data, width, height, channels }, a list of such pairs, or nothing",
    found: Array.isArray(found) ? `an array of ${found.length}` : typeof found,
  });
}
