/** Images against structures as the server answers of them: CryoLike's own results, and a run of ours. */
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden, numbers } from "../../../../test/support/likelihoodCase.ts";
import { makeLikelihoodProject } from "../../../../test/support/likelihoodProject.ts";
import { readTorchTensor } from "../../../io/index.ts";
import { type Server, startServer } from "../../index.ts";

const GOLDEN = likelihoodGolden("run");
const scratch = mkdtempSync(join(tmpdir(), "vitrine-likelihood-"));
let server: Server;

beforeAll(async () => {
  const project = join(scratch, "project");
  await makeLikelihoodProject(project);
  const alone = join(scratch, "alone");
  cpSync(join(GOLDEN, "likelihood"), alone, { recursive: true });
  server = await startServer([project, alone]);
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const get = (path: string) => fetch(new URL(`api/${path}`, server.address));
const json = async (path: string) => (await get(path)).json();
const tensor = async (path: string) =>
  numbers((await readTorchTensor(join(GOLDEN, path))).data as Iterable<number>);

test("a run and an ensemble are recognised, and find each other, templates, particles and parameters", async () => {
  const { entries } = await json("browse?at=project");
  const kinds = Object.fromEntries(
    entries.map(({ name, kind }: { name: string; kind: string }) => [name, kind]),
  );
  expect(kinds).toMatchObject({ likelihood: "likelihood", ensemble: "likelihood", templates: "folder" });
  const facts = await json("likelihood?at=project/ensemble");
  expect(facts.folders).toEqual({
    run: "project/likelihood",
    ensemble: "project/ensemble",
    templates: "project/templates",
    particles: "project/particles",
    parameters: "project/parameters.npz",
  });
  expect(facts).toMatchObject({ names: ["vol", "model"], isIntegrated: true, warnings: [] });
  const { weights } = facts;
  expect(weights.weights[0] + weights.weights[1]).toBeCloseTo(1, 6);
  for (const k of [0, 1]) {
    expect(weights.lower[k]).toBeLessThanOrEqual(weights.weights[k]);
    expect(weights.upper[k]).toBeGreaterThanOrEqual(weights.weights[k]);
  }
  expect(facts.ranking).toHaveLength(2);
});

test("images have CryoLike's best poses, and posteriors that add up to 1", async () => {
  const { columns, count, values } = await json("likelihood/images?at=project/likelihood");
  const column = (name: string): number[] => values[columns.indexOf(name)];
  const theirs = await tensor("likelihood/template1/cross_correlation/cross_correlation_stack_000000.pt");
  // templates are compressed: no correlation is further off than the bound that is asked for
  for (let i = 0; i < count; i++)
    expect(Math.abs(column("correlation-1")[i] - theirs[i])).toBeLessThan(1.2e-5);
  expect(column("view-0")).toEqual(
    await tensor("likelihood/template0/optimal_pose/optimal_template_stack_000000.pt"),
  );
  for (let i = 0; i < count; i++)
    expect(column("posterior-0")[i] + column("posterior-1")[i]).toBeCloseTo(1, 9);
});

test("an image and its best template look alike: their correlation is that of the run", async () => {
  const { columns, values } = await json("likelihood/images?at=project/likelihood");
  const correlations: number[] = values[columns.indexOf("correlation-0")];
  const answer = await get("likelihood/pairs?at=project/likelihood&pairs=0:0,3:0,3:1");
  const bytes = await answer.arrayBuffer();
  const length = new DataView(bytes).getUint32(0, true);
  const head = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length)));
  const names = head.pictures.map(({ name }: { name: string }) => name);
  expect(names.sort()).toEqual(["image-0", "image-3", "template-0-0", "template-3-0", "template-3-1"]);
  const [rows, across] = head.pictures[0].shape;
  const from = 8 * Math.ceil((4 + length) / 8);
  const order = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, length))).pictures.map(
    ({ name }: { name: string }) => name,
  );
  const picture = (name: string) =>
    new Float32Array(bytes, from + 4 * rows * across * order.indexOf(name), rows * across);
  for (const image of [0, 3]) {
    const found = correlation(picture(`image-${image}`), picture(`template-${image}-0`));
    // both hold the frequencies of the grid alone; the sum over pixels is that over the disc but for its sampling
    expect(Math.abs(found - correlations[image])).toBeLessThan(0.05);
  }
});

test("views have their angles and the images that they fit best; a run alone says what is missing", async () => {
  const { columns, count, values } = await json("likelihood/views?at=project/likelihood&structure=0");
  const views = await tensor("likelihood/template0/optimal_pose/optimal_template_stack_000000.pt");
  const images: number[] = values[columns.indexOf("images")];
  expect(images.reduce((sum, one) => sum + one, 0)).toBe(views.length);
  expect(images[views[0]]).toBeGreaterThan(0);
  expect(Math.max(...values[columns.indexOf("polarDeg")])).toBeLessThanOrEqual(180);
  expect(count).toBeGreaterThan(Math.max(...views));
  const one = await json("likelihood/views?at=project/likelihood&structure=0&image=3");
  const posterior: number[] = one.values[one.columns.indexOf("posterior")];
  expect(posterior.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 5);
  expect(posterior[views[3]]).toBeGreaterThan(0);
  const alone = await json("likelihood?at=alone");
  expect(alone.names).toEqual(["template0", "template1"]);
  expect(alone.warnings).toContain("No folder of particles lies beside: images are not shown");
  expect((await get("likelihood/pairs?at=alone&pairs=0:0")).status).toBe(404);
  expect((await get("likelihood/pairs?at=project/likelihood&pairs=0:9")).status).toBe(400);
  expect((await get("likelihood/pairs?at=project/likelihood&pairs=x")).status).toBe(400);
});

function correlation(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}
