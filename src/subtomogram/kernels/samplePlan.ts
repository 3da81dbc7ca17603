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
import { OUTSIDE, PLACE_NUMBERS, sampleJob, WORK_BYTES } from "./sampleJob.ts";

/** Boxes of one shape that are read out of regions of one shape. */
export interface SampleSize {
  /** Voxels of a region (z, y, x). */
  readonly region: Shape3;
  readonly box: Shape3;
  /** Of the spline: 0 the nearest voxel, 1 linear, 3 cubic. */
  readonly order: 0 | 1 | 3;
  /** Boxes at a time. */
  readonly batch: number;
  /** Regions that are kept; default as many as boxes. More can be filled while others are sampled. */
  readonly regions?: number;
  /** Voxels of a volume that regions can be cut out of; default none. */
  readonly volume?: Shape3;
}

/** Where a box lies in its region. */
export interface BoxPlace {
  /** Turns the box's axes into the region's, row-major, acting on (z, y, x). */
  readonly turn: Matrix3;
  /** Place of the box's centre, (n - 1) / 2, in voxels of the region. */
  readonly centre: readonly [z: number, y: number, x: number];
  /** The value where a voxel lies outside of the region; `mean`: the mean of the region. */
  readonly outside: number | "mean";
  /** Index of its region; default its own. */
  readonly region?: number;
  /** First voxel of the region in the volume that it is cut out of, which it lies in; default: the region was set. */
  readonly from?: readonly [z: number, y: number, x: number];
}

/** Where a region's values go: voxel (z, y, x) to `start + z * planeLength + y * rowLength + x` of `data`. */
export interface RegionView {
  readonly data: Float32Array;
  readonly start: number;
  readonly planeLength: number;
  readonly rowLength: number;
}

/** The words of a {@link SamplePlan}. Progress counts boxes. */
export interface SampleTypes extends PlanTypes {
  /** `regions` (regions, region): a run changes those that it samples. `volume` (depth, ...): a plane a row. */
  readonly input: "regions" | "volume";
  /** `volumes` (batch, box). */
  readonly output: "volumes";
  /** Of the first boxes of the batch. */
  readonly work: readonly BoxPlace[];
  /** What lies outside of each box. */
  readonly outcome: readonly number[];
}

/** Reads turned boxes out of regions of a volume by its B-spline, mirrored at the region's ends, as scipy's `map_coordinates` with mode `constant`. */
export interface SamplePlan extends Plan<SampleTypes> {
  /** Where the values of a region go, for who has them in another form than `set` takes. */
  regionView(index: number): RegionView;
}

/** The kind of plan that {@link createSampler} makes. */
export const samplePlan: PlanKind<SampleSize, SamplePlan> = {
  name: "subtomogram/sample",
  wasm: {
    bytes: (size, workers) => regionBytes(pieces(size, workers)),
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
    this.#regions = createRegions(pool, pieces(size, pool.workers));
    this.bytes = this.#regions.bytes;
  }

  set(name: "regions" | "volume", data: PlanArray, at = 0): void {
    const { region, volume = NONE } = this.#size;
    if (name === "volume") {
      const planeLength = volume[1] * volume[2];
      checkRows("subtomogram volume", { type: "f32", rows: volume[0], rowLength: planeLength }, { data, at });
      this.#regions.set("volume", data, 4 * planeLength * at);
      return;
    }
    const rowLength = elementCount(region);
    const rows = regionCount(this.#size);
    const count = checkRows("subtomogram regions", { type: "f32", rows, rowLength }, { data, at });
    for (let i = 0; i < count; i++) this.#place(data.subarray(i * rowLength, (i + 1) * rowLength), at + i);
  }

  async run(places: readonly BoxPlace[], options: RunOptions = {}): Promise<readonly number[]> {
    const { region, box, order, batch, volume = NONE } = this.#size;
    requireAtMost("subtomogram boxes", places.length, batch);
    for (const { from } of places) if (from !== undefined) requireWithin(from, region, volume);
    this.#regions.set(
      "places",
      Float64Array.from(places.flatMap((place, i) => placeNumbers(place, i, volume))),
    );
    const task = {
      ...this.#regions.address,
      count: places.length,
      order,
      region,
      box,
      whole: [volume[1], volume[2]] as const,
      regionBytes: bytesWithMargin(region),
    };
    await this.#pool.run(sampleJob, task, options);
    const numbers = new Float64Array(PLACE_NUMBERS * places.length);
    this.#regions.read("places", numbers);
    return places.map((_, i) => numbers[PLACE_NUMBERS * i + OUTSIDE]);
  }

  regionView(index: number): RegionView {
    const [, height, width] = this.#size.region;
    const bytes = bytesWithMargin(this.#size.region);
    const data = this.#pool.f32(this.#regions.address.regions + index * bytes, bytes / 4);
    const [rowLength, planeLength] = [width + 3, (height + 3) * (width + 3)];
    return { data, start: planeLength + rowLength + 1, planeLength, rowLength };
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
    const { data, start, planeLength, rowLength } = this.regionView(index);
    let from = 0;
    for (let z = 0; z < depth; z++)
      for (let y = 0; y < height; y++) {
        const to = start + z * planeLength + y * rowLength;
        for (let x = 0; x < width; x++) data[to + x] = values[from++]; // rows are too short for copies of views
      }
  }
}

const NONE: Shape3 = [0, 0, 0];

/** {@link PLACE_NUMBERS} numbers of box `index`. */
function placeNumbers(
  { turn, centre, outside, region, from }: BoxPlace,
  index: number,
  [, height, width]: Shape3,
): readonly number[] {
  const first = from === undefined ? -1 : (from[0] * height + from[1]) * width + from[2];
  return [
    ...turn,
    ...centre,
    outside === "mean" ? 0 : outside,
    region ?? index,
    outside === "mean" ? 1 : 0,
    first,
  ];
}

/** @throws {VitrineError} range: a region that leaves the volume */
function requireWithin(from: readonly number[], region: Shape3, volume: Shape3): void {
  if (from.every((first, axis) => first >= 0 && first + region[axis] <= volume[axis])) return;
  const expected = `a region of ${region.join(" x ")} in the ${volume.join(" x ")} voxels of the volume`;
  throw new VitrineError({
    code: "range",
    at: "subtomogram boxes",
    expected,
    found: `one from ${from.join(", ")}`,
  });
}

/** One voxel before and two behind, along every axis. */
function bytesWithMargin(region: Shape3): number {
  return 4 * region.reduce((product, side) => product * (side + 3), 1);
}

const regionCount = ({ batch, regions = batch }: SampleSize) => regions;

function pieces(size: SampleSize, workers: number) {
  const { region, box, order, batch, volume = NONE } = size;
  for (const side of [...region, ...box, batch, regionCount(size)])
    if (!Number.isInteger(side) || side < 1)
      throw new VitrineError({
        code: "shape",
        at: "subtomogram boxes",
        expected: "whole numbers of voxels from 1",
        found: `boxes of ${box.join(" x ")} out of ${region.join(" x ")}, order ${order}, ${batch} at a time`,
      });
  return {
    // Vectors run over the end of the last row.
    regions: regionCount(size) * bytesWithMargin(region) + 64,
    volume: 4 * elementCount(volume) + (size.volume ? 64 : 0),
    volumes: 4 * batch * elementCount(box),
    places: 8 * PLACE_NUMBERS * batch,
    work: WORK_BYTES * workers,
  };
}
