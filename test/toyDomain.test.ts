import { afterAll, beforeAll, expect, test } from "vitest";
import {
  createPool,
  type Plan,
  type PlanArray,
  type PlanKind,
  type PlanTypes,
  type Pool,
  type RunOptions,
} from "../src/compute/index.ts";
import {
  checkRows,
  createRegions,
  defineJob,
  type Regions,
  regionBytes,
  runPhases,
  type WorkerPool,
} from "../src/compute/kernels/index.ts";
import { buildDomain } from "./support/domain.ts";

/** What a lab adds: a domain with a kernel, a job and a plan, all outside of `src/compute`. */
const KERNELS = `
export function scale(source: usize, factor: f32, target: usize, begin: i32, end: i32): void {
  for (let i = begin; i < end; i++) store<f32>(target + (<usize>i << 2), factor * load<f32>(source + (<usize>i << 2)));
}
`;

/** The workers' side: rows are claimed by teams, their values spread over each. */
const JOBS = `defineJob("toy/rows", ({ kernels, team, report }, { source, target, rows, width, factor }) => {
  for (;;) {
    const row = team.claim(0);
    if (row >= rows) return;
    const at = 4 * width * row;
    team.parallel(width, 7, (begin, end) => void kernels.scale(source + at, factor, target + at, begin, end));
    if (team.rank === 0) report(1);
  }
})`;

interface RowsTask {
  readonly source: number;
  readonly target: number;
  readonly rows: number;
  readonly width: number;
  readonly factor: number;
}

/** The owner's side needs the job's name and the type of its parameters. */
const rowsJob = defineJob<RowsTask>("toy/rows", () => {});
const phasesJob = defineJob("toy/phases", runPhases);

interface ScaleSize {
  readonly rows: number;
  readonly width: number;
}

interface ScaleTypes extends PlanTypes {
  readonly input: "values";
  readonly output: "scaled";
  readonly work: { readonly factor: number };
  readonly outcome: number;
}

const pieces = ({ rows, width }: ScaleSize) => ({ values: 4 * rows * width, scaled: 4 * rows * width });

class WasmScale implements Plan<ScaleTypes> {
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #size: ScaleSize;
  readonly #regions: Regions<"values" | "scaled">;

  constructor(pool: WorkerPool, size: ScaleSize) {
    this.bytes = regionBytes(pieces(size));
    this.#pool = pool;
    this.#size = size;
    this.#regions = createRegions(pool, pieces(size));
  }

  set(name: "values", data: PlanArray, at = 0): void {
    this.#check(name, data, at);
    this.#regions.set(name, data, 4 * this.#size.width * at);
  }

  async run({ factor }: { factor: number }, options: RunOptions = {}): Promise<number> {
    const { values, scaled } = this.#regions.address;
    const task = { source: values, target: scaled, ...this.#size, factor };
    await this.#pool.run(rowsJob, task, { ...options, teams: this.#pool.workers });
    return this.#size.rows;
  }

  read(name: "scaled", into: PlanArray, at = 0): void {
    this.#check(name, into, at);
    this.#regions.read(name, into, 4 * this.#size.width * at);
  }

  #check(name: string, data: PlanArray, at: number): void {
    const { rows, width } = this.#size;
    checkRows(`scale ${name}`, { type: "f32", rows, rowLength: width }, { data, at });
  }

  dispose(): void {
    this.#regions.dispose();
  }
}

const scalePlan: PlanKind<ScaleSize, Plan<ScaleTypes>> = {
  name: "toy/scale",
  wasm: { bytes: (size) => regionBytes(pieces(size)), create: (pool, size) => new WasmScale(pool, size) },
};

let domain: { entry: URL } & Disposable;
let pool: Pool;
beforeAll(async () => {
  domain = await buildDomain({ name: "toy", kernels: KERNELS, jobs: JOBS });
  pool = await createPool({ workers: 2, entry: domain.entry });
});
afterAll(async () => {
  await pool.dispose();
  domain[Symbol.dispose]();
});

test("a domain of its own: kernel, job and plan work on the pool as the package's do", async () => {
  const size = { rows: 11, width: 30 };
  const plan = pool.plan(scalePlan, size);
  expect([plan.bytes, pool.bytes(scalePlan, size)]).toEqual([2 * 1344, 2 * 1344]);
  const values = Float32Array.from({ length: 330 }, (_, i) => i);
  plan.set("values", values.subarray(0, 60));
  plan.set("values", values.subarray(60), 2);
  const progress: number[] = [];
  expect(await plan.run({ factor: 3 }, { onProgress: (done) => progress.push(done) })).toBe(11);
  expect(progress.at(-1)).toBe(11);
  const scaled = new Float32Array(90);
  plan.read("scaled", scaled, 8);
  expect([...scaled]).toEqual(Array.from({ length: 90 }, (_, i) => 3 * (240 + i)));
  expect(() => plan.set("values", new Float32Array(31))).toThrow("whole rows of 30 values");
  await expect(plan.run({ factor: 1 }, { signal: AbortSignal.abort() })).rejects.toMatchObject({
    code: "aborted",
  });
  plan.dispose();
});

test("a list of its kernels needs no job of its own", async () => {
  const workers = pool as Pool & WorkerPool;
  const { address } = workers.allocate(400);
  workers.f32(address, 100).fill(2);
  await workers.run(phasesJob, [{ kernel: "scale", args: [address, 5, address], count: 100, step: 9 }]);
  expect(workers.f32(address, 100).every((value) => value === 10)).toBe(true);
});
