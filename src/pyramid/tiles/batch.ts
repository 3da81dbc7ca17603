import { z } from "zod";

const whole = z.int().min(0);
const count = z.int().min(1);
const size = { height: count, width: count };
const box = { y: z.int(), x: z.int(), ...size };

/** A layer as its jobs need to know it: they never open the experiment's database. */
const layerSchema = z.strictObject({
  /** Its number among the layers of this run, from 0. */
  id: whole,
  channelId: z.int(),
  channel: z.string(),
  tpoint: z.int(),
  zplane: z.int(),
  /** Of the images' pixels. */
  dtype: z.enum(["uint8", "uint16", "int8", "int16"]),
  /** What becomes 0 and 255, in the images' own values. */
  minIntensity: z.int(),
  maxIntensity: z.int(),
  /** Of JPEG. */
  quality: z.int().min(1).max(100),
  /** Size of each level, the full resolution first. */
  levels: z.array(z.strictObject(size)).min(1),
});

/** {@link TilesBatch}'s layer. */
export type BatchLayer = z.infer<typeof layerSchema>;

/** Checks where one image of a site is. */
export const imageSchema = z.strictObject({
  /** How messages call its site. */
  site: z.string(),
  path: z.string(),
  imageIndex: whole,
  plane: z.record(z.string(), whole),
  /** Which bits of its 16-bit pixels count; null: all. */
  pixelMask: count.nullable(),
  /** Where its first pixel lies on the map, and its size. */
  ...box,
  /** By how much it lies further down and to the right, -0.5 to 0.5 pixels, where sites are moved by fractions; null: by none. */
  fraction: z.strictObject({ y: z.number(), x: z.number() }).nullable(),
  /** The part of it that all cycles show, in its own pixels, where cycles are aligned; null: all of it. */
  window: z.strictObject({ ...box, height: whole, width: whole }).nullable(),
});

/** One image of a site that a block shows. */
export type BatchImage = z.infer<typeof imageSchema>;

const blockSchema = z.strictObject({ row: whole, column: whole, inputs: z.array(whole) });

const common = {
  /** Number of the job, from 1, over all phases. */
  id: count,
  layer: layerSchema,
  /** The first level that it makes, 0 is full resolution, and how many. */
  level: whole,
  levels: count,
};

const sitesSchema = z.strictObject({
  kind: z.literal("sites"),
  ...common,
  align: z.boolean(),
  illumcorr: z.boolean(),
  /** Where the model of the channel's illumination lies; null where it is not corrected. */
  illumination: z.string().nullable(),
  /** What a pixel shows that several sites cover, over how many pixels from a site's end, and how sites are moved by fractions. */
  blend: z.enum(["last", "nearest", "linear"]),
  featherPx: count.nullable(),
  resample: z.enum(["round", "bilinear", "lanczos"]),
  images: z.array(imageSchema),
  /** Blocks of tiles that are this job's alone; inputs are numbers of `images`. */
  blocks: z.array(blockSchema),
});

/** A job that makes blocks of tiles of the sites' images. */
export type SitesBatch = z.infer<typeof sitesSchema>;

const reducedSchema = z.strictObject({
  kind: z.literal("reduced"),
  ...common,
  /** The phase whose results it joins. */
  from: z.string(),
  /** What they left: which block, of which job of that phase, and which one there. */
  parts: z.array(z.strictObject({ row: whole, column: whole, batch: whole, at: whole })),
  /** Inputs are numbers of `parts`. */
  blocks: z.array(blockSchema),
});

/** A job that makes blocks of tiles of what those below left. */
export type ReducedBatch = z.infer<typeof reducedSchema>;

/** What one job of a pyramid does, plain JSON. */
export type TilesBatch = SitesBatch | ReducedBatch;

/** Checks a batch as the engine hands it over. */
export const tilesBatchSchema = z.discriminatedUnion("kind", [sitesSchema, reducedSchema]);
