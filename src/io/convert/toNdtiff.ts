import type { Axes } from "../../core/index.ts";
import { indicesWithin } from "../dataset/arrayPlan.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { openFolderWriter } from "../ndtiff/writer.ts";
import type { ImageSource } from "../source/source.ts";
import { stepIn } from "./geometry.ts";
import { outerAxes, planePieces, type WalkOptions } from "./pieces.ts";

/** Those that NDTiff has a number for. */
const BIT_DEPTHS = [10, 11, 12, 14] as const;

/** Writes every plane of an image into a new NDTiff dataset, with names of channels and values of axes, sizes in the summary metadata. */
export async function writeNdtiffSource(
  source: ImageSource,
  directory: string,
  options: WalkOptions,
): Promise<void> {
  const outer = outerAxes(source);
  const { shape } = source.levels[0];
  const [height, width, channels = 1] = shape.slice(outer.length);
  const layout = { width, height, channels, dtype: source.dtype };
  const { significantBits } = source;
  const known = BIT_DEPTHS.find((bits) => bits >= (significantBits ?? 16));
  const bits = known !== undefined && source.dtype === "uint16" ? { bitDepth: known } : {};
  const summaryMetadata = summaryOf(source);
  await using writer = await openFolderWriter({
    ...{ directory, summaryMetadata, datasetName: directory, resolutionLevel: 0 },
  });
  const planes = planePieces(source, options);
  for (const indices of indicesWithin(outer.map((_, i) => ({ from: 0, to: shape[i] })))) {
    const axes = Object.fromEntries(outer.map((name, i) => [name, placeName(source, name, indices[i])]));
    await writer.putPieces({ axes, layout, metadata: {}, ...bits }, planes.next());
  }
  await writer.finish();
  await writer.dataset.close();
}

/** What an index is called in the dataset: the name of a channel where no other has it, a value of the axis, else the index. */
function placeName(source: ImageSource, name: string, index: number): Axes[string] {
  const names = source.channels.map((channel) => channel.name);
  const isNamed = name === "channel" && names[index] !== undefined && new Set(names).size === names.length;
  const value = source.axes.find((axis) => axis.name === name)?.values?.[index];
  return (isNamed ? names[index] : undefined) ?? value ?? index;
}

function summaryOf(source: ImageSource): JsonObject {
  const [pixelUm, stepUm] = ["x", "z"].map((name) => stepIn(source, name, "micrometer"));
  const intervalS = stepIn(source, "time", "second");
  return {
    ...(pixelUm !== undefined && { PixelSize_um: pixelUm }),
    ...(stepUm !== undefined && { "z-step_um": stepUm }),
    ...(intervalS !== undefined && { Interval_ms: Number((intervalS * 1000).toPrecision(12)) }),
  };
}
