import { VitrineError } from "../../core/index.ts";
import { fileExists, formatCsv, parseCsv, readFileBytes, readTorchTensor } from "../../io/index.ts";
import { displacementsPath, type LikelihoodPaths, likelihoodPaths } from "../files.ts";
import { drawPoses, type PosesTile } from "../picture/posesPicture.ts";
import type { TableContents } from "./ensembleNoise.ts";

/** Poses of an image that are named, and what they hold together at most. */
const [MOST_POSES, HELD] = [10, 0.99] as const;
const COLUMNS =
  "image rank structure view azimuthDeg polarDeg inplaneDeg displacementXA displacementYA posterior".split(
    " ",
  );

/** Posteriors of images over structures, (images, structures), and the names of these. */
export interface ImagesOfStructures {
  readonly posteriors: Float64Array;
  readonly names: readonly string[];
}

/** What a likelihood run has found of the poses of one image, given one structure. */
interface PosesOfImage {
  readonly rows: readonly Readonly<Record<string, string>>[];
  readonly displacements: ArrayLike<number>;
  readonly rotations: ArrayLike<number>;
}

/**
 * Posteriors of images over structures and poses together: those over poses given each structure, times that of the structure.
 *
 * @param folder  results of a likelihood run with `posePosterior` of all structures
 * @throws {VitrineError} missing: posteriors that are not there; shape: those of other images
 */
export async function ensemblePoses(folder: string, given: ImagesOfStructures): Promise<TableContents> {
  const { posteriors, names } = given;
  const images = posteriors.length / names.length;
  const found: PosesOfImage[][] = [];
  for (const k of names.keys()) found.push(await posesOf(folder, { structure: k, images }));
  const lists = Array.from({ length: images }, (_, image) => listOf(found, given, image));
  const { data, shape } = await readTorchTensor(displacementsPath(folder));
  const places = Array.from(data as Iterable<number>);
  const displacements = { x: places.slice(0, shape[1]), y: places.slice(shape[1]) };
  const tiles = lists.slice(0, 8).map((list, image) => {
    const shares = names.map((_, k) => posteriors[image * names.length + k]);
    const mixed = (of: (one: PosesOfImage) => ArrayLike<number>) =>
      mix(
        found.map((structure) => of(structure[image])),
        shares,
      );
    return tileOf(list, {
      ...{ image, names, shares, rotations: mixed((one) => one.rotations) },
      displacements: { ...displacements, posteriors: mixed((one) => one.displacements) },
    });
  });
  const png = drawPoses(tiles, "posteriors of images over structures and poses");
  return { csv: formatCsv(COLUMNS, lists.flat()), png };
}

/** Whether a run has posteriors over poses. @throws {VitrineError} missing: neither those nor, as `hasNoise` says, the power of noise */
export async function hasPosteriors(folder: string, hasNoise: boolean): Promise<boolean> {
  const { csv } = likelihoodPaths(folder, 0, 0).posesTable;
  if (await fileExists(csv)) return true;
  if (hasNoise) return false;
  throw nonePosteriors(csv);
}

async function posesOf(
  folder: string,
  { structure, images }: { readonly structure: number; readonly images: number },
): Promise<PosesOfImage[]> {
  const all: PosesOfImage[] = [];
  for (let stack = 0; all.length < images; stack++) {
    const paths = likelihoodPaths(folder, structure, stack);
    await requirePosteriors(paths);
    const table = parseCsv(
      new TextDecoder().decode(await readFileBytes(paths.posesTable.csv)),
      paths.posesTable.csv,
    );
    const displacements = await readTorchTensor(paths.posePosteriorDisplacement);
    const rotations = await readTorchTensor(paths.posePosteriorRotation);
    for (let image = 0; image < displacements.shape[0]; image++) {
      const part = ({ shape, data }: typeof rotations) =>
        Array.from(data as Iterable<number>).slice(image * shape[1], (image + 1) * shape[1]);
      const rows = table.rows.filter((row) => row.image === `${image}`);
      all.push({ rows, displacements: part(displacements), rotations: part(rotations) });
    }
  }
  if (all.length === images) return all;
  const at = `${folder}/template${structure}/pose_posterior`;
  throw new VitrineError({
    code: "shape",
    at,
    expected: `${images} images, as the matrix has`,
    found: `${all.length}`,
  });
}

async function requirePosteriors(paths: LikelihoodPaths): Promise<void> {
  for (const path of [paths.posesTable.csv, paths.posePosteriorDisplacement, paths.posePosteriorRotation])
    if (!(await fileExists(path))) throw nonePosteriors(path);
}

function nonePosteriors(at: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "posteriors over poses of all images and structures",
    found: "none",
    hint: "Run `vitrine likelihood --pose-posterior` with --i-template all and all stacks",
  });
}

/** Rows of the table: likeliest poses of an image, whatever the structure. */
function listOf(
  found: readonly (readonly PosesOfImage[])[],
  { posteriors, names }: ImagesOfStructures,
  image: number,
) {
  const all = found.flatMap((structure, k) =>
    structure[image].rows.map((row) => ({
      ...{ image, rank: 0, structure: names[k], view: Number(row.view) },
      ...{ azimuthDeg: row.azimuthDeg, polarDeg: row.polarDeg, inplaneDeg: Number(row.inplaneDeg) },
      displacementXA: Number(row.displacementXA),
      displacementYA: Number(row.displacementYA),
      posterior: posteriors[image * names.length + k] * Number(row.posterior),
    })),
  );
  const sorted = all.sort((a, b) => b.posterior - a.posterior).slice(0, MOST_POSES);
  let held = 0;
  const needed = sorted.filter(({ posterior }) => {
    const isNeeded = held < HELD;
    held += posterior;
    return isNeeded;
  });
  return needed.map((row, i) => ({ ...row, rank: i + 1 }));
}

function mix(parts: readonly ArrayLike<number>[], shares: readonly number[]): Float64Array {
  return Float64Array.from({ length: parts[0].length }, (_, i) =>
    parts.reduce((sum, part, k) => sum + shares[k] * part[i], 0),
  );
}

const short = (value: number) => Number(value.toPrecision(3));

function tileOf(
  list: ReturnType<typeof listOf>,
  {
    image,
    names,
    shares,
    ...marginals
  }: {
    readonly image: number;
    readonly names: readonly string[];
    readonly shares: readonly number[];
  } & Pick<PosesTile, "displacements" | "rotations">,
): PosesTile {
  const best = shares.indexOf(Math.max(...shares));
  const radians = (degrees: number | string) => (Number(degrees) * Math.PI) / 180;
  const title = `image ${image}: ${names[best].slice(-18)} ${short(100 * shares[best])} %, best pose ${short(100 * list[0].posterior)} %`;
  const poses = list.map(({ azimuthDeg, polarDeg, inplaneDeg, posterior }) => ({
    azimuth: radians(azimuthDeg),
    polar: radians(polarDeg),
    inplane: radians(inplaneDeg),
    posterior,
  }));
  return { title, poses: list.some(({ polarDeg }) => polarDeg === "") ? [] : poses, ...marginals };
}
