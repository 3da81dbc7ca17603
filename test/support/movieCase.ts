import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { formatMrc } from "../../src/io/index.ts";
import { goldenMrc } from "./npy.ts";
import { type Configuration, writeConfig } from "./searchCase.ts";

const golden = (file: string) => fileURLToPath(new URL(`../golden/${file}`, import.meta.url));

/** How far the particles of the golden movie go in each frame, (y, x) pixels. */
export const ROLLS = [
  [-3, 2],
  [-1, 1],
  [0, 0],
  [2, -1],
  [3, -1],
] as const;

/** A table of motion in test/golden/match-extra/movies. */
export type Motion = "shifts" | "deformation";

export const motionPath = (motion: Motion) => golden(`match-extra/movies/${motion}.csv`);

/** The golden movie: the micrograph turned round its edges, each frame with a mean of its own. */
export function goldenFrames(): Float32Array[] {
  const { data, shape } = goldenMrc("micrograph.mrc");
  const [, height, width] = shape;
  return ROLLS.map(([dy, dx], frame) =>
    data.map((_, i) => {
      const y = (Math.floor(i / width) - dy + height) % height;
      const x = ((i % width) - dx + width) % width;
      return data[y * width + x] + 3 + frame;
    }),
  );
}

/** Frames of 256 x 320 as an MRC stack; its path. */
export function writeMovie(folder: string, frames: readonly Float32Array[] = goldenFrames()): string {
  const path = join(folder, "movie.mrc");
  const data = new Float32Array(frames.length * frames[0].length);
  frames.forEach((frame, i) => {
    data.set(frame, i * frame.length);
  });
  writeFileSync(path, formatMrc({ data, shape: [frames.length, 256, 320], voxelSizeA: 2, kind: "stack" }));
  return path;
}

/** The golden particle table with absolute paths; its path. */
export function writeGoldenTable(folder: string): string {
  const path = join(folder, "particles.csv");
  const text = readFileSync(golden("match/search1_particles.csv"), "utf8");
  writeFileSync(
    path,
    text.replace(/\b\w+\.mrc\b/g, (file) => golden(`match/${file}`)),
  );
  return path;
}

/** What the golden refinements of a movie were told. */
export interface GoldenRefinement {
  readonly movie: string;
  readonly motion: Motion;
  readonly filtersMicrographs?: boolean;
  readonly edit?: (configuration: Configuration) => void;
}

/** Writes such a configuration and its table into a folder; its path. */
export function writeMovieConfig(
  folder: string,
  { movie, motion, filtersMicrographs = true, edit = () => {} }: GoldenRefinement,
): string {
  const text = readFileSync(golden("match/refine1_config.yaml"), "utf8");
  const configuration: Configuration = parse(text.replaceAll(" !!python/tuple", ""));
  configuration.template_volume_path = golden("match/template.mrc");
  configuration.particle_stack.df_path = writeGoldenTable(folder);
  configuration.defocus_refinement_config.enabled = false;
  Object.assign(configuration.orientation_refinement_config, { psi_step_coarse: 3, theta_step_coarse: 3 });
  configuration.apply_global_filtering = filtersMicrographs;
  configuration.movie_config = {
    enabled: true,
    movie_path: movie,
    [motion === "shifts" ? "particle_shifts_path" : "deformation_field_path"]: motionPath(motion),
    pre_exposure: 1.5,
    fluence_per_frame: 2,
  };
  edit(configuration);
  return writeConfig(folder, configuration);
}
