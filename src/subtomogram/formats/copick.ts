import { z } from "zod";
import { formatJson, parseJson, VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { fromXyzMatrix, placeOf, toXyzMatrix } from "./convention.ts";
import type { Warn } from "./tomograms.ts";

const pointSchema = z.looseObject({
  location: z.looseObject({ x: z.number(), y: z.number(), z: z.number() }),
  transformation_: z.array(z.array(z.number()).length(4)).length(4).nullish(),
  instance_id: z.number().nullish(),
  score: z.number().nullish(),
});

const picksSchema = z.looseObject({
  pickable_object_name: z.string().nullish(),
  run_name: z.string().nullish(),
  voxel_spacing: z.number().nullish(),
  unit: z.string().nullish(),
  trust_orientation: z.union([z.boolean(), z.string()]).nullish(),
  points: z.array(pointSchema).nullish(),
});

/**
 * Molecules of picks of copick: places in Å, orientations from the upper left of each matrix. Features are `score`, `instance_id`,
 * `tomogram` (its run) and `object`.
 *
 * @throws {VitrineError} format: no picks of copick; range: a matrix that is no rotation
 */
export function moleculesFromCopick(
  text: string,
  { at, onLog }: { readonly at: string; readonly onLog: Warn | undefined },
): Molecules {
  const picks = parseWithSchema(readJson(text, at), picksSchema, at);
  if (picks.points === undefined) {
    const found = Object.keys(picks).slice(0, 6).join(", ") || "an empty object";
    const hint = "Of a table that pandas wrote as JSON, write CSV: df.to_csv(path, index=False)";
    throw new VitrineError({ code: "format", at, expected: "picks of copick, with points", found, hint });
  }
  const points = picks.points ?? [];
  const places = points.map(({ location: { x, y, z } }): Zyx => placeOf([x, y, z], 1));
  const matrices = points.map(({ transformation_ }) =>
    (transformation_ ?? IDENTITY).slice(0, 3).map((row) => row.slice(0, 3)),
  );
  if (picks.trust_orientation === false || picks.trust_orientation === "false")
    onLog?.(`${at}: trust_orientation is false: orientations are as they stand there`, "warning");
  // ArtiaX and others hold the place in location alone; some writers repeat it in the matrix.
  const isShifted = ({ transformation_ }: (typeof points)[number]) =>
    transformation_?.slice(0, 3).some((row) => row[3] !== 0);
  const shifted = points.filter(isShifted).length;
  if (shifted > 0)
    onLog?.(
      `${at}: shifts in transformation_ of ${shifted} of ${points.length} points are not added to location`,
      "warning",
    );
  const quaternions = matrices.map((matrix, i) =>
    fromXyzMatrix(matrix.flat(), `${at} points[${i}].transformation_`),
  );
  return new Molecules(places, quaternions, {
    tomogram: points.map(() => picks.run_name ?? ""),
    object: points.map(() => picks.pickable_object_name ?? ""),
    score: points.map(({ score }) => score ?? null),
    instance_id: points.map((point) => point.instance_id ?? null),
  });
}

function readJson(text: string, at: string): unknown {
  try {
    return parseJson(text);
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new VitrineError({ code: "format", at, expected: "JSON", found }, { cause });
  }
}

const IDENTITY = [
  [1, 0, 0, 0],
  [0, 1, 0, 0],
  [0, 0, 1, 0],
  [0, 0, 0, 1],
];

/** Å of nm. */
const A_PER_NM = 10;

/** Picks of copick, of one run and one object: the features `tomogram` and `object`. */
export function copickFromMolecules(molecules: Molecules): string {
  const { features, count } = molecules;
  const number = (name: string, i: number, otherwise: number) => {
    const value = features[name]?.[i];
    return typeof value === "number" ? value : otherwise;
  };
  const points = Array.from({ length: count }, (_, i) => {
    const [z, y, x] = molecules.place(i).map((nm) => nm * A_PER_NM);
    const m = toXyzMatrix(molecules.rotator[i]);
    const rows = [0, 3, 6].map((row) => [m[row], m[row + 1], m[row + 2], 0]);
    return {
      location: { x, y, z },
      transformation_: [...rows, [0, 0, 0, 1]],
      instance_id: number("instance_id", i, 0),
      score: number("score", i, 1),
    };
  });
  return formatJson({
    pickable_object_name: String(features.object?.[0] ?? "particle"),
    user_id: "vitrine",
    session_id: "0",
    run_name: String(features.tomogram?.[0] ?? ""),
    voxel_spacing: null,
    unit: "angstrom",
    trust_orientation: true,
    points,
  });
}
