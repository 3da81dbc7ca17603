import { z } from "zod";
import { VitrineError } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { parseWithSchema } from "../schema.ts";

/** Names that datasets have for OME-Zarr's axes; others keep theirs. */
const AXIS_NAMES: Readonly<Record<string, string>> = { t: "time", c: "channel" };

/** Units of length, in µm. */
const LENGTH_UM: Readonly<Record<string, number>> = {
  angstrom: 1e-4,
  nanometer: 1e-3,
  micrometer: 1,
  millimeter: 1e3,
  centimeter: 1e4,
  meter: 1e6,
};

const axisSchema = z.union([
  z.string().transform((name) => ({ name, unit: undefined })),
  z.object({ name: z.string(), unit: z.string().optional() }),
]);

const multiscaleSchema = z.object({
  axes: z.array(axisSchema).default(["t", "c", "z", "y", "x"].map((name) => ({ name, unit: undefined }))),
  datasets: z
    .array(
      z.object({
        path: z.string(),
        coordinateTransformations: z
          .array(z.object({ type: z.string(), scale: z.array(z.number()).optional() }))
          .default([]),
      }),
    )
    .min(1),
});

const imageSchema = z.object({
  multiscales: z.array(multiscaleSchema).min(1),
  omero: z.object({ channels: z.array(z.object({ label: z.string().optional() })).default([]) }).optional(),
});

/** What the metadata of an image group say. */
export interface ForeignImageMetadata {
  /** Path of level 0 in the group. */
  readonly level0: string;
  /** Names of the dimensions before y and x, as datasets call them. */
  readonly axes: readonly string[];
  /** Names of channels, where all have one. */
  readonly channels: readonly string[];
  /** PixelSize_um and z-step_um, where they are known. */
  readonly facts: JsonObject;
}

/**
 * Reads the metadata of an image group, 0.1 to 0.5.
 *
 * @throws {VitrineError} missing, type, format: something that the specification demands
 */
export function parseImage(attributes: unknown, at: string): ForeignImageMetadata {
  const { multiscales, omero } = parseWithSchema(attributes, imageSchema, at);
  const [{ axes, datasets }] = multiscales;
  const names = axes.map(({ name }) => name);
  if (names.at(-2) !== "y" || names.at(-1) !== "x") {
    const expected = "axes that end with y, x";
    throw new VitrineError({ code: "unsupported", at: `${at} axes`, expected, found: names.join(", ") });
  }
  const [{ path, coordinateTransformations }] = datasets;
  const scale = coordinateTransformations.find(({ type }) => type === "scale")?.scale ?? [];
  const sizeUm = (name: string) => {
    const i = names.indexOf(name);
    const um = LENGTH_UM[axes[i]?.unit ?? ""];
    return um === undefined || scale[i] === undefined ? undefined : Number((scale[i] * um).toPrecision(12));
  };
  const [pixelUm, zUm] = [sizeUm("x"), sizeUm("z")];
  const labels = (omero?.channels ?? []).map(({ label }) => label ?? "");
  return {
    level0: path,
    axes: names.slice(0, -2).map((name) => AXIS_NAMES[name] ?? name),
    channels: labels.includes("") || new Set(labels).size < labels.length ? [] : labels,
    facts: {
      ...(pixelUm !== undefined && { PixelSize_um: pixelUm }),
      ...(zUm !== undefined && { "z-step_um": zUm }),
    },
  };
}
