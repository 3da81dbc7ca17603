import { formatCsv } from "../../io/index.ts";
import type { LikelihoodPaths } from "../files.ts";
import type { Displacements } from "../grid/polarValues.ts";
import type { ViewingAngles } from "../grid/viewingAngles.ts";
import type { PosePosterior } from "../integrated/poseSums.ts";
import { drawPoses, type PosesTile } from "../picture/posesPicture.ts";
import type { Output } from "./outputs.ts";
import { writeTable, writeViewPosteriors } from "./tables.ts";

/** What indices of poses stand for. */
export interface PoseMeaning {
  /** Where they are known. */
  readonly angles: Pick<ViewingAngles, "azimuths" | "polars"> | undefined;
  /** Å. */
  readonly displacements: Displacements;
}

/** Columns of a table of the likeliest poses. */
export const POSE_COLUMNS =
  "image rank view azimuthDeg polarDeg inplaneDeg displacementXA displacementYA posterior effectivePoses".split(
    " ",
  );

/** All files of {@link writePosePosteriors}. */
export function posteriorPaths(paths: LikelihoodPaths): string[] {
  const { posePosteriorTable: views, posesTable: poses } = paths;
  return [
    ...[paths.posePosterior, paths.posePosteriorDisplacement, paths.posePosteriorRotation],
    ...[views.csv, views.png, poses.csv, poses.png],
  ];
}

/** Writes tables and pictures of the likeliest views and poses. @returns their paths, and the tensors that belong with them */
export async function writePosePosteriors(
  paths: LikelihoodPaths,
  found: PosePosterior,
  meaning: PoseMeaning & { readonly isDouble: boolean },
): Promise<{ readonly outputs: readonly Output[]; readonly pictures: readonly string[] }> {
  const images = found.likeliest.length;
  const { viewsMS, displacementsMd, rotationsMw } = found;
  const output = (path: string, data: Float64Array): Output => {
    const shape = [images, data.length / images];
    return [path, { shape, data: meaning.isDouble ? data : Float32Array.from(data) }];
  };
  const views = { posteriors: viewsMS, images, angles: meaning.angles };
  const table = formatCsv(POSE_COLUMNS, poseRows(found, meaning));
  const tiles = Array.from({ length: images }, (_, image) => tileOf(found, meaning, image));
  const pictures = [
    ...(await writeViewPosteriors(paths.posePosteriorTable, views)),
    ...(await writeTable(paths.posesTable, table, drawPoses(tiles, "posteriors of images over poses"))),
  ];
  const outputs = [
    output(paths.posePosterior, viewsMS),
    output(paths.posePosteriorDisplacement, displacementsMd),
    output(paths.posePosteriorRotation, rotationsMw),
  ];
  return { outputs, pictures };
}

/** Of angles in single precision, which have seven digits. */
const degrees = (radians: number) => Number(((radians * 180) / Math.PI).toPrecision(7));

function poseRows(found: PosePosterior, { angles, displacements }: PoseMeaning) {
  const inplanes = found.rotationsMw.length / found.likeliest.length;
  return found.likeliest.flatMap((poses, image) =>
    poses.map(({ template, displacement, rotation, posterior }, i) => ({
      ...{ image, rank: i + 1, view: template, posterior, effectivePoses: found.effectivePosesM[image] },
      azimuthDeg: angles === undefined ? "" : degrees(angles.azimuths[template]),
      polarDeg: angles === undefined ? "" : degrees(angles.polars[template]),
      inplaneDeg: (360 * rotation) / inplanes,
      displacementXA: displacements.x[displacement],
      displacementYA: displacements.y[displacement],
    })),
  );
}

const short = (value: number) => Number(value.toPrecision(3));

function tileOf(found: PosePosterior, { angles, displacements }: PoseMeaning, image: number): PosesTile {
  const { likeliest, effectivePosesM, displacementsMd, rotationsMw } = found;
  const part = (values: Float64Array) => {
    const each = values.length / likeliest.length;
    return values.subarray(image * each, (image + 1) * each);
  };
  const rotations = part(rotationsMw);
  const poses = likeliest[image].map(({ template, rotation, posterior }) => ({
    azimuth: angles?.azimuths[template] ?? 0,
    polar: angles?.polars[template] ?? 0,
    inplane: (2 * Math.PI * rotation) / rotations.length,
    posterior,
  }));
  const best = short(100 * likeliest[image][0].posterior);
  return {
    title: `image ${image}: best pose ${best} %, effectively ${short(effectivePosesM[image])} poses`,
    poses: angles === undefined ? [] : poses,
    displacements: { ...displacements, posteriors: part(displacementsMd) },
    rotations,
  };
}
