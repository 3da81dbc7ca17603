/** One image of a site, as it is stored, or with its light corrected and cut to what all cycles show. */
import { type PixelArray, type PixelImage, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { type ImageSource, openImages, refuseUnknownKeys } from "../../io/index.ts";
import { correctIllumination } from "../illumination/models.ts";
import { illuminationPaths, requireModel } from "../illumination/places.ts";
import { readIlluminationModel } from "../illumination/store.ts";
import { readCycleShifts } from "../layers/alignment.ts";
import { type LayerImage, layerImages } from "../layers/layers.ts";
import { clearFlags } from "../tiles/pixels.ts";

/** Models by which {@link readSiteImage} corrects illumination. */
export const SITE_CORRECTIONS = ["zscore", "basic", "median", "files"] as const;

/** A model by which {@link readSiteImage} corrects illumination. */
export type SiteCorrection = (typeof SITE_CORRECTIONS)[number];

/** Which image of a site, and what is done to it. */
export interface ReadSiteOptions {
  /** Name of the channel. */
  readonly channel: string;
  /** Default 0. */
  readonly timepoint?: number;
  /** Default 0. */
  readonly zplane?: number;
  /** The model, made by `computeIllumination`, by which its light is corrected; default: as it is stored. */
  readonly correct?: SiteCorrection;
  /** Cuts it to what all cycles of the site show, by the shifts of `alignExperiment`. Default false. */
  readonly align?: boolean;
  readonly signal?: AbortSignal;
}

const KEYS: Readonly<Record<keyof ReadSiteOptions, true>> = {
  ...{ channel: true, timepoint: true, zplane: true, correct: true, align: true, signal: true },
};

/** What can be done to the images of an experiment's sites. */
export interface SiteCorrections {
  /** The models that were made, of each channel that has one. */
  readonly corrections: Readonly<Record<string, readonly SiteCorrection[]>>;
  /** Whether shifts between cycles were found. */
  readonly isAligned: boolean;
}

/** Pixels of an image of a site at most. */
const MOST_PIXELS = 2 ** 27;

/**
 * The grey image of a site, in the type in which it is stored: (height, width), of several cycles of the channel the last one's.
 *
 * @param siteId  its number in the experiment's tables
 * @throws {VitrineError} missing: no such channel, site, image, model or shifts; type: no unsigned whole numbers, to be corrected; shape: the
 *   file has another size than its site; range: more pixels than are read at once; format: also an unknown key; storage
 */
export async function readSiteImage(
  experiment: Experiment,
  siteId: number,
  options: ReadSiteOptions,
): Promise<PixelImage> {
  refuseUnknownKeys(options, { known: Object.keys(KEYS), at: "readSiteImage options" });
  const { channel, timepoint: tpoint = 0, zplane = 0, correct, align = false, signal } = options;
  const { id, name, ...size } = await siteOf(experiment, siteId);
  const channelId = await channelOf(experiment, channel);
  const images = await layerImages(experiment, { channelId, tpoint, zplane });
  const image = images.findLast((one) => one.siteId === id);
  if (image === undefined)
    throw new VitrineError({
      code: "missing",
      at: name,
      expected: `an image of channel ${channel}, time point ${tpoint}, z plane ${zplane}`,
      found: "none",
    });
  const stored = await readStored(image, { ...size, signal });
  const data =
    correct === undefined
      ? stored
      : await corrected(stored, { experiment, key: { channelId, channel }, correct });
  if (!align) return { data, ...size, channels: 1 };
  return alignedPart(experiment, { data, ...size, channels: 1 }, image);
}

/** Which models and shifts {@link readSiteImage} can use. @throws {VitrineError} storage; whatever a query throws */
export async function siteCorrections({ query, directory }: Experiment): Promise<SiteCorrections> {
  const channels = await query.selectFrom("channels").select(["id", "name"]).orderBy("id").execute();
  const corrections: Record<string, SiteCorrection[]> = {};
  for (const { id, name } of channels) {
    const paths = await illuminationPaths(directory, id);
    const made = SITE_CORRECTIONS.filter((kind) => paths[kind] !== undefined);
    if (made.length > 0) corrections[name] = made;
  }
  const shift = await query.selectFrom("siteShifts").select("siteId").limit(1).executeTakeFirst();
  return { corrections, isAligned: shift !== undefined };
}

async function siteOf({ query }: Experiment, siteId: number) {
  const site = await query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .select(["sites.id as id", "wells.name as well", "siteIndex", "height", "width"])
    .where("sites.id", "=", siteId)
    .executeTakeFirst();
  if (site === undefined)
    throw new VitrineError({ code: "missing", at: "site", expected: "a site", found: `number ${siteId}` });
  const { well, siteIndex, ...rest } = site;
  return { ...rest, name: `well ${well} site ${siteIndex}` };
}

async function channelOf({ query }: Experiment, name: string): Promise<number> {
  const channels = await query.selectFrom("channels").select(["id", "name"]).orderBy("id").execute();
  const found = channels.find((channel) => channel.name === name);
  if (found !== undefined) return found.id;
  throw new VitrineError({
    code: "missing",
    at: "channel",
    expected: `one of ${channels.map((channel) => channel.name).join(", ") || "(there are none)"}`,
    found: JSON.stringify(name),
  });
}

interface StoredSize {
  readonly height: number;
  readonly width: number;
  readonly signal: AbortSignal | undefined;
}

async function readStored(image: LayerImage, { signal, ...size }: StoredSize): Promise<PixelArray> {
  await using file = await openImages(image.path);
  await using source = await file.open(file.images[image.imageIndex]);
  requirePlane(source, image, size);
  const { data } = await source.read({ region: image.plane, ...(signal && { signal }) });
  clearFlags(data, image.pixelMask);
  return data;
}

/** Before any of it is read. */
function requirePlane(
  { axes, levels: [{ shape }], name }: ImageSource,
  { plane }: LayerImage,
  { height, width }: Omit<StoredSize, "signal">,
): void {
  const values = axes.reduce((all, axis, i) => (Object.hasOwn(plane, axis.name) ? all : all * shape[i]), 1);
  if (values !== height * width) {
    const expected = `one grey plane of ${height} x ${width} pixels`;
    throw new VitrineError({ code: "shape", at: name, expected, found: `${values} values` });
  }
  if (values > MOST_PIXELS) {
    const expected = `at most ${MOST_PIXELS} pixels`;
    throw new VitrineError({ code: "range", at: name, expected, found: `${values}` });
  }
}

interface Correcting {
  readonly experiment: Experiment;
  readonly key: { readonly channelId: number; readonly channel: string };
  readonly correct: SiteCorrection;
}

async function corrected(data: PixelArray, { experiment, key, correct }: Correcting): Promise<PixelArray> {
  if (!(data instanceof Uint8Array || data instanceof Uint16Array))
    throw new VitrineError({
      code: "type",
      at: `channel ${key.channel}`,
      expected: "pixels of 8 or 16 bits without a sign, to be corrected",
      found: data.constructor.name,
    });
  return correctIllumination(
    data,
    await readIlluminationModel(await requireModel(experiment.directory, key, correct)),
  );
}

async function alignedPart(
  experiment: Experiment,
  image: PixelImage,
  { siteId, cycleId }: LayerImage,
): Promise<PixelImage> {
  const shifts = await readCycleShifts(experiment);
  if (shifts.size === 0)
    throw new VitrineError({
      code: "missing",
      at: "alignment",
      expected: "shifts of sites between cycles",
      found: "none",
      hint: "Find them first: vitrine illuminati EXPERIMENT align",
    });
  const { height, width } = image;
  const part = shifts.windowOf({ height, width, siteId, cycleId });
  const data = image.data.slice(0, part.height * part.width);
  for (let row = 0; row < part.height; row++) {
    const from = (part.y + row) * width + part.x;
    data.set(image.data.subarray(from, from + part.width), row * part.width);
  }
  return { data, height: part.height, width: part.width, channels: 1 };
}
