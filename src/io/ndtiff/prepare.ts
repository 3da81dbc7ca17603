import type { Axes, ImageLayout } from "../../core/index.ts";
import {
  axesKey,
  describeAxes,
  imageBytes,
  layoutOf,
  pixelBytes,
  plainJson,
  VitrineError,
} from "../../core/index.ts";
import type { DatasetImage, JsonObject } from "../dataset/dataset.ts";
import { LARGEST_STACK, pixelTypeCode } from "./format.ts";
import { encodeJson, isAxes } from "./json.ts";
import type { ImageBytes } from "./stackWriter.ts";

/** Room for header, summary metadata and IFD beside the one image of a stack. */
const STACK_OVERHEAD = 2 ** 24;

/** What is saved of an image besides its pixels, in the form of the format. */
export interface PreparedFacts extends Omit<ImageBytes, "pixels"> {
  readonly axes: Axes;
  readonly pixelType: number;
}

/** An image in the form of the format. */
export type PreparedImage = PreparedFacts & ImageBytes;

/**
 * Brings an image into the form of the format: pixels stay where they are, `Axes` of the metadata are those of the image.
 *
 * @throws {VitrineError} unsupported: pixels that NDTiff cannot hold; type: axes that it cannot; shape
 */
export function prepareImage({ image, ...facts }: DatasetImage, name: string): PreparedImage {
  const layout = layoutOf(image, `${name} image at ${describeAxes(facts.axes)}`);
  return { ...prepareFacts({ ...facts, layout }, name), pixels: pixelBytes(image.data) };
}

/** As {@link prepareImage}, of an image whose pixels come later. */
export function prepareFacts(
  { axes, metadata, bitDepth, layout }: Omit<DatasetImage, "image"> & { readonly layout: ImageLayout },
  name: string,
): PreparedFacts {
  const at = `${name} image at ${describeAxes(axes)}`;
  checkAxes(axes, at);
  const pixelType = pixelTypeCode(layout, bitDepth);
  if (pixelType === undefined) throw unsupported(at, `${layout.channels} x ${layout.dtype}`);
  const bytes = encodeJson(withAxes(plainJson(metadata, `${at} metadata`) as JsonObject, axes));
  if (imageBytes(layout) + bytes.length + STACK_OVERHEAD > LARGEST_STACK)
    throw unsupported(at, sizeOf(layout), "less than 4 GiB an image");
  return { axes: { ...axes }, layout, pixelType, metadata: bytes };
}

/** Refuses axes whose values change between number and text: no reader of NDTiff could order them. */
export class AxisKinds {
  readonly #kinds = new Map<string, string>();

  /** @throws {VitrineError} type */
  check(axes: Axes, name: string): void {
    for (const [axis, value] of Object.entries(axes)) {
      const kind = this.#kinds.get(axis);
      if (kind !== undefined && kind !== typeof value)
        throw new VitrineError({
          code: "type",
          at: `${name} axes.${axis}`,
          expected: kind === "string" ? "text, as in the images before" : "a number, as in the images before",
          found: JSON.stringify(value),
        });
      if (kind === undefined) this.#kinds.set(axis, typeof value);
    }
  }
}

function checkAxes(axes: Axes, at: string): void {
  const wrong = isAxes(axes)
    ? Object.entries(axes).find(([, value]) => typeof value === "number" && !Number.isSafeInteger(value))
    : ["", axes];
  if (wrong === undefined) return;
  const [axis, value] = wrong;
  const found = JSON.stringify(value) ?? String(value);
  throw new VitrineError({
    code: "type",
    at: `${at} axes.${axis}`,
    expected: "a whole number or text",
    found,
  });
}

function withAxes(metadata: JsonObject, axes: Axes): JsonObject {
  const { Axes: given } = metadata;
  return isAxes(given) && axesKey(given) === axesKey(axes) ? metadata : { ...metadata, Axes: axes };
}

function unsupported(
  at: string,
  found: string,
  expected = "uint8 or uint16, or three channels of uint8",
): VitrineError {
  const hint = "Save it with --format ome-zarr";
  return new VitrineError({ code: "unsupported", at, expected: `${expected} for NDTiff`, found, hint });
}

function sizeOf({ width, height, channels }: ImageLayout): string {
  return `${width} x ${height} x ${channels}`;
}
