import type { PixelArray } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { OmeZarrCompression } from "../omezarr/chunks.ts";
import { createOmeZarrCollection } from "../omezarr/multiscale/collection.ts";
import {
  createOmeZarrImage,
  type OmeZarrImageOptions,
  type OmeZarrImageWriter,
} from "../omezarr/multiscale/writer.ts";
import { labelOf } from "../render/axes.ts";
import { sourceAxis } from "../source/axes.ts";
import type { ImageSource, SourceChannel } from "../source/source.ts";
import { placeOf } from "./geometry.ts";
import type { ZarrLayout } from "./options.ts";
import { outerAxes, type Piece, piecesOf, type WalkOptions } from "./pieces.ts";
import { viewOf } from "./view.ts";

/** Names and colours of the values of a pixel. */
const COLOURS: readonly SourceChannel[] = [
  { name: "red", color: "FF0000" },
  { name: "green", color: "00FF00" },
  { name: "blue", color: "0000FF" },
  { name: "alpha", color: "FFFFFF" },
];

/** What {@link writeOmeZarrSource} is told. */
export interface OmeZarrTarget extends WalkOptions {
  readonly name: string;
  readonly compression?: OmeZarrCompression | undefined;
  readonly zarr?: ZarrLayout | undefined;
}

/**
 * Writes an image with all its levels into a new OME-Zarr store, 0.5 unless `zarr` says otherwise. Colours of a pixel become channels. NGFF has room for time, one
 * more axis and space: of further axes every place becomes an image of its own, in the layout of bioformats2raw.
 */
export async function writeOmeZarrSource(
  source: ImageSource,
  directory: string,
  target: OmeZarrTarget,
): Promise<void> {
  const further = furtherAxes(source);
  if (further.length === 0) {
    await using writer = await createOmeZarrImage({
      directory,
      ...imageOptions(source, target),
      ...(target.zarr?.version && { version: target.zarr.version }),
    });
    await fill(writer, source, target);
    return;
  }
  await using collection = await createOmeZarrCollection({
    directory,
    ...(target.zarr?.version && { version: target.zarr.version }),
  });
  const { shape } = source.levels[0];
  const counts = further.map((name) => shape[placeOf(source, name)]);
  for (const indices of indicesWithin(counts.map((to) => ({ from: 0, to })))) {
    const places = further.map((name, i) => [name, labelOf(source, name, indices[i])] as const);
    const view = viewOf(source, {
      indices: Object.fromEntries(further.map((name, i) => [name, indices[i]])),
    });
    const name = `${target.name}, ${places.map((place) => place.join(" ")).join(", ")}`;
    await using writer = await collection.createImage(imageOptions(view, { ...target, name }));
    await fill(writer, view, target);
  }
}

/** Axes for which an image has no room. */
function furtherAxes(source: ImageSource): string[] {
  const isColour = placeOf(source, "sample") >= 0;
  const roomy = isColour ? ["time", "z"] : ["time", "channel", "z"];
  return outerAxes(source).filter((name) => !roomy.includes(name));
}

export function imageOptions(
  source: ImageSource,
  { name, compression = "none", zarr = {} }: OmeZarrTarget,
): Omit<OmeZarrImageOptions, "directory" | "version"> {
  const [{ shape, scale, translation }] = source.levels;
  const sample = placeOf(source, "sample");
  const order = sample < 0 ? source.axes.map((_, i) => i) : withChannels(source, sample);
  const axes = order.map((i) => (i === sample ? sourceAxis("channel") : source.axes[i]));
  const pick = (values: readonly number[]) => order.map((i) => values[i]);
  const channels = sample < 0 ? source.channels : COLOURS.slice(0, shape[sample]);
  return {
    ...{ axes, name, compression, channels },
    ...(zarr.levels !== undefined && { levels: zarr.levels }),
    ...(zarr.shardPx !== undefined && { shardShape: shardOf(axes.length, zarr.shardPx) }),
    ...(source.significantBits !== undefined &&
      source.dtype.startsWith("uint") && { significantBits: source.significantBits }),
    dtype: source.dtype,
    shape: pick(shape),
    scale: pick(scale),
    translation: pick(translation),
    reduction: source.isLabels ? "mode" : "mean",
  };
}

/** A shard of one plane. */
function shardOf(rank: number, side: number): readonly number[] {
  return Array.from({ length: rank }, (_, axis) => (axis < rank - 2 ? 1 : side));
}

/** The samples stand behind the time. */
function withChannels(source: ImageSource, sample: number): number[] {
  const others = source.axes.flatMap((_, i) => (i === sample ? [] : [i]));
  const time = placeOf(source, "time");
  return [...others.filter((i) => i <= time), sample, ...others.filter((i) => i > time)];
}

export async function fill(
  writer: OmeZarrImageWriter,
  source: ImageSource,
  options: WalkOptions,
): Promise<void> {
  const sample = placeOf(source, "sample");
  const samples = sample < 0 ? 1 : source.levels[0].shape[sample];
  for await (const piece of piecesOf(source, { ...options, isReused: true })) {
    if (sample < 0) await writer.write(piece.region, piece.data);
    else
      for (let channel = 0; channel < samples; channel++)
        await writer.write({ ...piece.region, channel }, sampleOf(piece, channel, samples));
  }
  await writer.finish();
}

function sampleOf({ data }: Piece, sample: number, samples: number): PixelArray {
  return data.slice(0, data.length / samples).map((_, i) => data[i * samples + sample]);
}
