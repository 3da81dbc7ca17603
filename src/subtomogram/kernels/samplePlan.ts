import type { Backend, Plan, PlanArray, PlanKind, PlanTypes, RunOptions } from "../../compute/index.ts";
import {
  checkRows,
  createRegions,
  type Regions,
  regionBytes,
  requireAtMost,
  type WorkerPool,
} from "../../compute/kernels/index.ts";
import { elementCount, type Matrix3, type Shape3, VitrineError } from "../../core/index.ts";
import { PLACE_BYTES, sampleJob } from "./sampleJob.ts";

/** Boxes of one shape that are read out of regions of one shape. */
export interface SampleSize {
  /** Voxels of a region (z, y, x). */
  readonly region: Shape3;
  readonly box: Shape3;
  /** Of the spline: 0 the nearest voxel, 1 linear, 3 cubic. */
  readonly order: 0 | 1 | 3;
  /** Boxes at a time. */
  readonly batch: number;
}

/** Where a box lies in its region. */
export interface BoxPlace {
  /** Turns the box's axes into the region's, row-major, acting on (z, y, x). */
  readonly turn: Matrix3;
  /** Place of the box's centre, (n - 1) / 2, in voxels of the region. */
  readonly centre: readonly [z: number, y: number, x: number];
  /** The value where a voxel lies outside of the region. */
  readonly outside: number;
}

/** The words of a {@link SamplePlan}. Progress counts boxes. */
export interface SampleTypes extends PlanTypes {
  /** `regions` (batch, region): a run changes them. */
  readonly input: "regions";
  /** `volumes` (batch, box). */
  readonly output: "volumes";
  /** Of the first boxes of the batch. */
  readonly work: readonly BoxPlace[];
  readonly outcome: undefined;
}

/** Reads turned boxes out of regions of a volume by its B-spline, mirrored at the region's ends, as scipy's `map_coordinates` with mode `constant`. */
export type SamplePlan = Plan<SampleTypes>;

/** The kind of plan that {@link createSampler} makes. */
export const samplePlan: PlanKind<SampleSize, SamplePlan> = {
  name: "subtomogram/sample",
  wasm: {
    bytes: (size) => regionBytes(pieces(size)),
    create: (pool, size) => new WasmSampler(pool, size),
  },
};

/** Makes a {@link SamplePlan}. @throws {VitrineError} shape: a side that is not a whole number from 1; range: more memory than there is */
export function createSampler(backend: Backend, size: SampleSize): SamplePlan {
  return backend.plan(samplePlan, size);
}

class WasmSampler implements SamplePlan {
  readonly bytes: number;
  readonly #size: SampleSize;
  readonly #pool: WorkerPool;
  readonly #regions: Regions<keyof ReturnType<typeof pieces>>;

  constructor(pool: WorkerPool, size: SampleSize) {
    this.#size = size;
    this.#pool = pool;
    this.#regions = createRegions(pool, pieces(size));
    this.bytes = this.#regions.bytes;
  }

  set(_: "regions", data: PlanArray, at = 0): void {
    const { region, batch } = this.#size;
    const rowLength = elementCount(region);
    const count = checkRows("subtomogram regions", { type: "f32", rows: batch, rowLength }, { data, at });
    for (let i = 0; i < count; i++) this.#place(data.subarray(i * rowLength, (i + 1) * rowLength), at + i);
  }

  async run(places: readonly BoxPlace[], options: RunOptions = {}): Promise<undefined> {
    const { region, box, order, batch } = this.#size;
    requireAtMost("subtomogram boxes", places.length, batch);
    this.#regions.set(
      "places",
      Float64Array.from(places.flatMap(({ turn, centre, outside }) => [...turn, ...centre, outside])),
    );
    const { regions, volumes, places: at } = this.#regions.address;
    const task = { count: places.length, order, region, box, regions, volumes, places: at };
    await this.#pool.run(sampleJob, { ...task, regionBytes: bytesWithMargin(region) }, options);
  }

  read(_: "volumes", into: PlanArray, at = 0): void {
    const { box, batch } = this.#size;
    const rowLength = elementCount(box);
    checkRows("subtomogram volumes", { type: "f32", rows: batch, rowLength }, { data: into, at });
    this.#regions.read("volumes", into, 4 * rowLength * at);
  }

  dispose(): void {
    this.#regions.dispose();
  }

  /** Copies a region inside its margin. */
  #place(values: PlanArray, index: number): void {
    const [depth, height, width] = this.#size.region;
    const bytes = bytesWithMargin(this.#size.region);
    const view = this.#pool.f32(this.#regions.address.regions + index * bytes, bytes / 4);
    let from = 0;
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++) {
        const to = ((z + 1) * (height + 3) + y + 1) * (width + 3) + 1;
        for (let x = 0; x < width; x++) view[to + x] = values[from++]; // rows are too short for copies of views
      }
  }
}

/** One voxel before and two behind, along every axis. */
function bytesWithMargin(region: Shape3): number {
  return 4 * region.reduce((product, side) => product * (side + 3), 1);
}

function pieces({ region, box, order, batch }: SampleSize) {
  for (const side of [...region, ...box, batch])
    if (!Number.isInteger(side) || side < 1)
      throw new VitrineError({
        code: "shape",
        at: "subtomogram boxes",
        expected: "whole numbers of voxels from 1",
        found: `boxes of ${box.join(" x ")} out of ${region.join(" x ")}, order ${order}, ${batch} at a time`,
      });
  return {
    // Vectors run over the end of the last row.
    regions: batch * bytesWithMargin(region) + 64,
    volumes: 4 * batch * elementCount(box),
    places: batch * PLACE_BYTES,
  };
}
