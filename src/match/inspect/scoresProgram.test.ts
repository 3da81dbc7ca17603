import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { writeMovie, writeMovieConfig } from "../../../test/support/movieCase.ts";
import { goldenMrc } from "../../../test/support/npy.ts";
import { writeGoldenRefinement } from "../../../test/support/refineCase.ts";
import { type Configuration, scratchFolder } from "../../../test/support/searchCase.ts";
import { formatCsv, parseCsv, readNpzValues, writeNpzValues } from "../../io/index.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { readPoseScores } from "./scoresFile.ts";
import { inspectParticles, inspectScores } from "./scoresProgram.ts";

const scratch = scratchFolder();

/** A golden refinement of three particles, changed; its configuration. */
function refinement(edit: (configuration: Configuration) => void = () => {}): string {
  const folder = writeGoldenRefinement(scratch, "refine2");
  const path = join(folder, "config.yaml");
  const configuration: Configuration = parse(readFileSync(path, "utf8").replaceAll(" !!python/tuple", ""));
  const table = join(folder, "three.csv");
  const all = parseCsv(readFileSync(configuration.particle_stack.df_path, "utf8"), table);
  writeFileSync(table, formatCsv(all.columns, all.rows.slice(0, 3)));
  configuration.particle_stack.df_path = table;
  Object.assign(configuration.orientation_refinement_config, {
    psi_step_coarse: 0.4,
    theta_step_coarse: 0.8,
  });
  edit(configuration);
  writeFileSync(path, stringify(configuration));
  return path;
}

const near = (found: number, wanted: number) => Math.abs(found / wanted - 1);

test("what a refinement finds is among all scores, and files say the best again", async () => {
  const config = refinement();
  const [scoresPath, particlesPath] = [join(scratch, "s.npz"), join(scratch, "r.csv")];
  const found = await inspectParticles(config, { scoresPath, overwrite: true, workers: 2 });
  const refined = await runRefine(config, { particlesPath, overwrite: true, workers: 2 });
  const { scores, shape } = await readPoseScores(scoresPath);
  const [, , defoci, orientations, height, width] = shape;
  for (const [i, particle] of found.particles.entries()) {
    const { orientation, defocus, pixelSize, shiftY, shiftX, correlation } = refined.particles[i];
    const pose = ((i * shape[1] + pixelSize) * defoci + defocus) * orientations + orientation;
    const [y, x] = [shiftY + ((height - 1) >> 1), shiftX + ((width - 1) >> 1)];
    expect(near(scores[(pose * height + y) * width + x], correlation)).toBeLessThan(1e-5);
    expect(particle.score / correlation).toBeGreaterThan(1 - 1e-5); // the best z-score need not be the best correlation
    expect(particle.given ?? particle.score).toBeLessThanOrEqual(particle.score);
  }
  const again = await inspectScores(scoresPath);
  expect(again).toEqual({ ...found, files: [] });
  const values = await readNpzValues(scoresPath);
  expect([...values.keys()]).toEqual([
    ...["scores", "euler_angle_offsets", "defocus_offsets", "pixel_size_offsets", "base_euler_angles"],
    ...["base_defocus", "particle_index", "metadata_json"],
  ]);
  expect(JSON.parse(String(values.get("metadata_json")?.data[0]))).toMatchObject({
    format_version: 1,
    output_mode: "cross_correlation",
    axes: ["particle", "pixel_size", "defocus", "orientation", "y", "x"],
    per_frame: false,
  });
});

test("frames of a movie add up to their sum; an aligned movie needs no table of motion", async () => {
  const { data } = goldenMrc("micrograph.mrc");
  const shares = [0.5, 0.3, 0.2];
  const movie = writeMovie(
    scratch,
    shares.map((share) => data.map((value) => share * value)),
  );
  const isWhole = { apply_global_filtering: false };
  const whole = refinement((configuration) => Object.assign(configuration, isWhole));
  const options = { scoresPath: join(scratch, "f.npz"), overwrite: true, workers: 2 };
  const sum = await inspectParticles(whole, options);
  const framed = refinement((configuration) =>
    Object.assign(configuration, isWhole, { movie_config: { enabled: true, movie_path: movie } }),
  );
  const found = await inspectParticles(framed, { ...options, perFrame: true });
  expect(found.shape.slice(0, 2)).toEqual([3, 3]);
  for (const [i, { score, frames }] of found.particles.entries()) {
    expect(near(score, sum.particles[i].score)).toBeLessThan(1e-4);
    for (const [frame, share] of shares.entries())
      expect(near(frames?.[frame] ?? 0, share * score)).toBeLessThan(1e-3);
  }
  expect((await readPoseScores(options.scoresPath)).isPerFrame).toBe(true);
  const moving = writeMovieConfig(scratch, { movie: writeMovie(scratch), motion: "shifts" });
  const apart = await inspectParticles(moving, { ...options, perFrame: true });
  // every frame holds all of every particle: each is found in each (the ninth row is none)
  for (const { score, frames } of apart.particles.slice(0, 8))
    for (const frame of frames ?? []) expect(frame / score).toBeGreaterThan(0.1);
});

test("ring correlations of boxes as large as the template", async () => {
  const config = refinement(({ particle_stack: stack }) => {
    stack.extracted_box_size = stack.original_template_size;
  });
  const options = { scoresPath: join(scratch, "rings.npz"), overwrite: true, workers: 2 };
  const rings = await inspectParticles(config, { ...options, mode: "frc" });
  const { frequencies, scores, shape } = await readPoseScores(options.scoresPath);
  expect(shape.at(-1)).toBe(frequencies?.length);
  expect(frequencies?.at(-1)).toBe(0.5);
  expect(scores.every((value) => Number.isNaN(value) || Math.abs(value) <= 1 + 1e-5)).toBe(true);
  for (const { score } of rings.particles) expect(score).toBeGreaterThan(0.02);
  await expect(inspectParticles(refinement(), { ...options, mode: "frc" })).rejects.toThrow(
    /extracted_box_size: expected .*, as the template, for ring correlations/,
  );
});

test("what is no file of scores, or asks for frames without a movie, is refused", async () => {
  const path = join(scratch, "other.npz");
  await writeNpzValues(path, [["a", { data: Float32Array.of(1), shape: [1] }]]);
  await expect(inspectScores(path)).rejects.toThrow(/metadata_json: expected scores of poses/);
  const said = JSON.stringify({ format_version: 9, output_mode: "frc" });
  await writeNpzValues(path, [["metadata_json", { dtype: "U", shape: [], data: [said] }]], {
    overwrite: true,
  });
  await expect(inspectScores(path)).rejects.toThrow(/format_version: expected 1, found 9/);
  const options = { scoresPath: join(scratch, "none.npz"), perFrame: true };
  await expect(inspectParticles(refinement(), options)).rejects.toThrow(/movie_config: expected a movie/);
  await expect(inspectParticles(refinement(), { scoresPath: "a.csv" })).rejects.toThrow(/ends with .npz/);
});
