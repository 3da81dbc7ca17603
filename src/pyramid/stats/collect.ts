import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { parseNpz } from "../../io/index.ts";
import type { StoredResult } from "../../jobs/index.ts";
import type { PixelSize } from "../geometry/levels.ts";
import { basicModel } from "../illumination/basic.ts";
import { readDark, readIlluminationFiles } from "../illumination/files.ts";
import { flatFieldOf, type IlluminationModel, medianModel, zscoreModel } from "../illumination/models.ts";
import { type IlluminationKind, writeIllumination } from "../illumination/places.ts";
import { type Plane, shrink } from "../illumination/smooth.ts";
import { emptyStatistics, type IlluminationStatistics, mergeStatistics } from "../illumination/statistics.ts";
import { formatIlluminationModel, formatStatistics, statisticsOf } from "../illumination/store.ts";
import {
  parseLevels,
  parseStatsBatch,
  SMALL_SIDE,
  STATS_FILES,
  STATS_PHASES,
  type StatsBatch,
} from "./batch.ts";

/** What is kept of a channel. */
export interface ChannelIllumination {
  readonly channel: string;
  /** Images that count. */
  readonly images: number;
  /** Sites whose image does not belong, and what could not be read: left out. */
  readonly odd: readonly string[];
  readonly unreadable: readonly string[];
  /** Kinds of correction that can be used. */
  readonly models: readonly string[];
}

/** How flat fields are made beside TissueMAPS' correction. */
export interface ModelChoice {
  readonly model: "zscore" | "basic" | "median" | "files";
  /** What the camera shows without light: a number, or an image. */
  readonly dark: number | string;
  /** A lab's own image of the light. */
  readonly flat?: string;
  readonly onLog: (message: string, kind: "warning" | "note") => void;
}

interface ChannelParts {
  readonly batch: StatsBatch;
  readonly statistics: IlluminationStatistics;
  readonly small: Plane[];
  readonly odd: string[];
  readonly unreadable: string[];
}

/**
 * Joins what batches counted, and writes the statistics and models of each channel below the experiment's folder, in place of those of before.
 *
 * @throws {VitrineError} format: damaged results; storage
 */
export async function collectStatistics(
  { directory }: Experiment,
  results: AsyncIterable<StoredResult>,
  choice: ModelChoice,
): Promise<ChannelIllumination[]> {
  const channels = new Map<number, ChannelParts>();
  for await (const result of results) await addResult(channels, result);
  const made: ChannelIllumination[] = [];
  for (const parts of channels.values()) made.push(await writeChannel(directory, parts, choice));
  return made;
}

async function addResult(channels: Map<number, ChannelParts>, result: StoredResult): Promise<void> {
  const at = `${result.phase} ${result.index}`;
  const batch = parseStatsBatch(result.batch, at);
  const parts = channels.get(batch.channelId) ?? {
    ...{ batch, statistics: emptyStatistics(batch), small: [], odd: [], unreadable: [] },
  };
  channels.set(batch.channelId, parts);
  if (result.phase === STATS_PHASES.levels) {
    parts.unreadable.push(...parseLevels(result.value, at).unreadable);
    return;
  }
  parts.odd.push(...oddOf(result));
  const { statistics, small } = STATS_FILES;
  const counted = statisticsOf(parseNpz(await result.read(statistics), at), at);
  mergeStatistics(parts.statistics, counted);
  const array = parseNpz(await result.read(small), at).get("small");
  const [count, height, width] = array?.shape ?? [0, 0, 0];
  for (let i = 0; i < count && array?.data instanceof Float64Array; i++)
    parts.small.push({ height, width, data: array.data.slice(i * height * width, (i + 1) * height * width) });
}

function oddOf({ value }: StoredResult): string[] {
  const odd = typeof value === "object" && value !== null && "odd" in value ? value.odd : [];
  return Array.isArray(odd) ? odd.map(String) : [];
}

async function writeChannel(
  directory: string,
  { batch, statistics, small, odd, unreadable }: ChannelParts,
  choice: ModelChoice,
): Promise<ChannelIllumination> {
  const { channelId, channel } = batch;
  if (statistics.count === 0)
    throw new VitrineError({
      code: "undeterminable",
      at: `channel ${channel}`,
      expected: "images that can be read",
      found: `none; the first: ${unreadable[0] ?? odd[0] ?? "no image"}`,
    });
  const made = await modelsOf({ statistics, small, channel }, choice);
  const files = new Map<IlluminationKind, Uint8Array>(
    made.map(([kind, model]) => [kind, formatIlluminationModel(model, statistics)]),
  );
  await writeIllumination(directory, channelId, files.set("statistics", formatStatistics(statistics)));
  const models = made.map(([kind]) => kind);
  return { channel, images: statistics.count, odd, unreadable, models };
}

/** Kinds of models. */
type Kind = ModelChoice["model"];

async function modelsOf(
  { statistics, small, channel }: Pick<ChannelParts, "statistics" | "small"> & { readonly channel: string },
  { model, dark: from, flat, onLog }: ModelChoice,
): Promise<[Kind, IlluminationModel][]> {
  const size = { height: statistics.height, width: statistics.width };
  const models: [Kind, IlluminationModel][] = [];
  const zscore = statistics.count > 1 ? zscoreModel(statistics) : undefined;
  const still = zscore?.deviation.reduce((sum, deviation) => sum + (deviation === 0 ? 1 : 0), 0) ?? 0;
  const area = size.height * size.width;
  if (zscore !== undefined && still < area) models.push(["zscore", zscore]);
  if (still > 0) onLog(`channel ${channel}: ${stillText(still, area)}`, "warning");
  if (model === "zscore") return models;
  if (model === "files") {
    const files = { dark: from, ...(flat !== undefined && { flat }) };
    const { model: made, warnings } = await readIlluminationFiles(files, size);
    for (const warning of warnings) onLog(`channel ${channel}: ${warning}`, "warning");
    return [...models, [model, made]];
  }
  return [...models, [model, flatField(small, { size, model, dark: await readDark(from, size) })]];
}

/** Where no image differs from another, a spread is divided by that is 0. */
function stillText(still: number, area: number): string {
  return still === area
    ? "all images are alike: TissueMAPS' correction (zscore) cannot be made of them"
    : `${still} of ${area} pixels and all around them are the same in every image: TissueMAPS' correction (zscore) makes them black or white; basic and median do not`;
}

interface FlatField {
  readonly size: PixelSize;
  readonly model: "basic" | "median";
  readonly dark: number | Float32Array;
}

/** The flat field of small copies, at full size. */
function flatField(small: readonly Plane[], { size, model, dark }: FlatField): IlluminationModel {
  const make = model === "basic" ? basicModel : medianModel;
  const { height, width } = small[0];
  const { flat } = make(
    { height, width },
    small.map(({ data }) => data),
    { dark: typeof dark === "number" ? dark : Float32Array.from(shrink(size, dark, SMALL_SIDE).data) },
  );
  return flatFieldOf({ height, width, data: Float64Array.from(flat) }, size, dark);
}
