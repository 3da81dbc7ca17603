import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { parseWithSchema } from "../../io/index.ts";

/** A channel at one time point and z plane that has images: a layer of the map. */
export interface LayerKey {
  readonly channelId: number;
  readonly channel: string;
  readonly bitDepth: number;
  readonly tpoint: number;
  readonly zplane: number;
}

/** Where the pixels of one site of a layer are. */
export interface LayerImage {
  readonly siteId: number;
  readonly cycleId: number;
  readonly path: string;
  readonly imageIndex: number;
  readonly plane: Readonly<Record<string, number>>;
  /** Which bits of 16-bit pixels count; null: all. */
  readonly pixelMask: number | null;
}

const PLANE = z.record(z.string(), z.int().min(0));

/** All layers of an experiment, by channel, time point and z plane. Cycles make none: each has channels of its own. */
export async function listLayers({ query }: Experiment): Promise<LayerKey[]> {
  return query
    .selectFrom("imageFiles")
    .innerJoin("channels", "channels.id", "imageFiles.channelId")
    .select(["channelId", "channels.name as channel", "bitDepth", "tpoint", "zplane"])
    .distinct()
    .orderBy("channelId")
    .orderBy("tpoint")
    .orderBy("zplane")
    .execute();
}

/**
 * The images of a layer in the order of their sites; of several cycles of one channel the later comes later.
 *
 * @param directory  that of the experiment, which paths begin with from here on
 * @throws {VitrineError} format: a plane that is none
 */
export async function layerImages(
  { query, directory }: Experiment,
  { channelId, tpoint, zplane }: Pick<LayerKey, "channelId" | "tpoint" | "zplane">,
): Promise<LayerImage[]> {
  const rows = await query
    .selectFrom("imageFiles")
    .innerJoin("cycles", "cycles.id", "imageFiles.cycleId")
    .innerJoin("channels", "channels.id", "imageFiles.channelId")
    .select(["siteId", "cycleId", "path", "imageIndex", "plane", "pixelMask"])
    .where("channelId", "=", channelId)
    .where("tpoint", "=", tpoint)
    .where("zplane", "=", zplane)
    .orderBy("siteId")
    .orderBy("cycles.cycleIndex")
    .execute();
  return rows.map(({ plane, path, ...row }) => ({
    ...row,
    path: isAbsolute(path) ? path : `${directory}/${path}`,
    plane: parseWithSchema(planeJson(plane, path), PLANE, `${path} plane`),
  }));
}

function planeJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new VitrineError({ code: "format", at: `${path} plane`, expected: "JSON", found: text }, { cause });
  }
}

function isAbsolute(path: string): boolean {
  return /^([A-Za-z]:)?[\\/]/.test(path);
}

/** How messages and archives call a layer. */
export function layerName({ channel, tpoint, zplane }: Pick<LayerKey, "channel" | "tpoint" | "zplane">) {
  return `${channel}, t ${tpoint}, z ${zplane}`;
}

/** The file of a layer's archive below the experiment's folder: its channel's number makes it that of one channel alone. */
export function layerPath({ channelId, channel, tpoint, zplane }: Omit<LayerKey, "bitDepth">): string {
  const name = channel.replace(/[^A-Za-z0-9_-]+/g, "_").slice(0, 60);
  return `layers/${channelId}-${name}_t${tpoint}_z${zplane}.pmtiles`;
}
