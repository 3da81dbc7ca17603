import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Acquisition, openDemoMicroscope } from "../../src/acquire/index.ts";
import { createFft, createGemm, createPool, type Pool } from "../../src/compute/index.ts";
import {
  createMemoryDataset,
  createNdtiff,
  createOmeZarr,
  createOmeZarrCollection,
  createOmeZarrPlate,
  type DatasetWriter,
  datasetSource,
  type ImageSource,
  memorySource,
  openImage,
  openNdtiff,
  openOmeZarr,
  viewOf,
  withBits,
  writeMrc,
} from "../../src/io/index.ts";
import { createPolarGrid, prepareTemplates } from "../../src/likelihood/index.ts";
import { gaussianFilter } from "../../src/pipe/index.ts";
import { createTiles } from "../../src/pyramid/index.ts";
import { defineAlignment, ZnccAlignment } from "../../src/subtomogram/index.ts";

/** An object whose methods take options. */
export interface OptionObject {
  readonly object: object;
  /** What stands before the options of a method, where it is taken apart before the options are. */
  readonly before?: Readonly<Record<string, readonly unknown[]>>;
}

/** Objects that public functions give, by the names of their types. */
export interface OptionObjects extends AsyncDisposable {
  readonly objects: Readonly<Record<string, OptionObject>>;
}

const AXES = { time: 0 };
const SIDE = 4;

/** What is to be closed at the end, the last first. */
class Held {
  readonly #closing: (() => unknown)[] = [];

  keep<T extends AsyncDisposable | Disposable>(one: T): T {
    this.defer(() => (Symbol.asyncDispose in one ? one[Symbol.asyncDispose]() : one[Symbol.dispose]()));
    return one;
  }

  defer(close: () => unknown): void {
    this.#closing.push(close);
  }

  async dispose(): Promise<void> {
    for (const close of this.#closing.reverse()) await close();
  }
}

/** One of each, small. Some types have several makers: each is there. */
export async function objectsWithOptions(): Promise<OptionObjects> {
  const held = new Held();
  const folder = await mkdtemp(join(tmpdir(), "options-"));
  held.defer(() => rm(folder, { recursive: true, force: true }));
  const pool = held.keep(await createPool({ workers: 1 }));
  const objects = {
    ...(await images(folder, held)),
    ...(await stores(folder, held)),
    ...plans(pool, held),
    ...(await models(pool, held)),
    ...(await acquisition(held)),
    ImageConverter: { object: gaussianFilter(1), before: { withScale: [1] } },
  };
  return { objects, [Symbol.asyncDispose]: () => held.dispose() };
}

/** Data as sources of every kind, and datasets. */
async function images(folder: string, held: Held) {
  const data = new Float32Array(SIDE ** 3);
  const path = join(folder, "volume.mrc");
  await writeMrc(path, { data, shape: [SIDE, SIDE, SIDE], voxelSizeA: 1 });
  const file = held.keep(await openImage(path));
  const memory = memorySource({ data, axes: ["z", "y", "x"], shape: [SIDE, SIDE, SIDE] });
  const bytes = memorySource({
    data: new Uint16Array(SIDE ** 2).fill(7),
    axes: ["y", "x"],
    shape: [SIDE, SIDE],
  });
  const { source: rescaled } = await withBits(bytes, { bits: 8, range: [0, 255] });
  const datasets: Record<string, OptionObject> = {};
  const add = async (names: string, writer: DatasetWriter, open: () => Promise<object>) => {
    const image = { data: new Uint16Array(SIDE ** 2), width: SIDE, height: SIDE, channels: 1 };
    await writer.put({ axes: AXES, image, metadata: {} });
    await writer.finish();
    datasets[names] = { object: await open(), before: { readImage: [AXES], asArray: [["time"]] } };
  };
  const inMemory = held.keep(createMemoryDataset());
  await add("Dataset ImageDataset", inMemory, async () => inMemory.dataset);
  const ndtiff = held.keep(await createNdtiff({ directory: folder, name: "ndtiff" }));
  await add("NdtiffDataset", ndtiff, async () => held.keep(await openNdtiff(ndtiff.dataset.name)));
  const zarr = held.keep(await createOmeZarr({ directory: join(folder, "stores"), name: "zarr" }));
  await add("OmeZarrReader", zarr, async () => held.keep(await openOmeZarr(zarr.dataset.name)));
  const sources: Record<string, ImageSource> = {
    memory,
    file,
    view: viewOf(memory, { at: { z: 0 } }),
    bits: rescaled,
    dataset: held.keep(await datasetSource(inMemory.dataset)),
  };
  const read = Object.entries(sources).map(([name, object]) => [`ImageSource ${name}`, { object }]);
  return { ...Object.fromEntries(read), ...datasets };
}

async function stores(folder: string, held: Held): Promise<Record<string, OptionObject>> {
  const collection = await createOmeZarrCollection({ directory: join(folder, "collection") });
  const plate = await createOmeZarrPlate({ directory: join(folder, "plate"), rows: ["A"], columns: ["1"] });
  return {
    OmeZarrCollectionWriter: { object: held.keep(collection) },
    OmeZarrPlateWriter: { object: held.keep(plate) },
  };
}

function plans(pool: Pool, held: Held): Record<string, OptionObject> {
  const fft = held.keep(createFft(pool, { kind: "complex1d", shape: [SIDE] }));
  fft.set("complex", new Float32Array(2 * SIDE));
  const gemm = held.keep(createGemm(pool, { kind: "real", m: 1, n: 1, k: 1 }));
  const tiles = createTiles(pool, { width: 8, height: 8, type: "uint8", levels: 1 });
  held.defer(() => tiles.dispose());
  tiles.set("pixels", new Uint8Array(64));
  return {
    "FftPlan Plan": { object: fft, before: { run: ["forward"] } },
    GemmPlan: { object: gemm, before: { run: [{}] } },
    TilesPlan: { object: tiles, before: { run: [{ quality: 75 }] } },
  };
}

/** Alignments and comparisons. */
async function models(pool: Pool, held: Held): Promise<Record<string, OptionObject>> {
  const volume = {
    data: Float32Array.from({ length: 8 ** 3 }, (_, i) => Math.sin(i * i)),
    shape: [8, 8, 8] as const,
  };
  const input = { templates: [volume] };
  const kinds = {
    own: ZnccAlignment,
    users: defineAlignment({
      name: "Users",
      optimize: () => ({ shiftPx: [0, 0, 0], score: 1 }),
      landscape: () => volume,
    }),
  };
  const found: Record<string, OptionObject> = {};
  for (const [name, kind] of Object.entries(kinds)) {
    const model = kind.create(input);
    const maxShiftsPx = [1, 1, 1] as const;
    const prepared = await model.prepare(pool, { maxShiftsPx });
    const landscapes = await model.prepareLandscapes(pool, { maxShiftsPx });
    held.defer(() => prepared.dispose());
    held.defer(() => landscapes.dispose());
    found[`AlignmentKind FourierKind ${name}`] = { object: kind, before: { create: [input] } };
    found[`AlignmentModel ${name}`] = { object: model };
    found[`PreparedAlignment ${name}`] = { object: prepared };
    found[`PreparedLandscapes ${name}`] = { object: landscapes };
  }
  const grid = createPolarGrid({ radiusMax: 1, distRadii: 0.5, nInplanes: 4 });
  const shape = [1, grid.nShells, grid.nInplanes] as const;
  const templates = { shape, data: new Float32Array(2 * grid.nShells * grid.nInplanes).fill(1) };
  const side = { templates, grid, displacements: { x: [0], y: [0] }, boxSizeA: [1, 1] as const };
  const ready = prepareTemplates(pool, side);
  held.defer(() => ready.dispose());
  return { ...found, PreparedTemplates: { object: ready } };
}

async function acquisition(held: Held): Promise<Record<string, OptionObject>> {
  const microscope = held.keep(await openDemoMicroscope());
  const running = held.keep(await Acquisition.open({ microscope, save: "memory" }));
  const future = running.acquire([{ axes: AXES }]);
  return {
    DemoMicroscope: { object: microscope },
    "Acquisition SavingAcquisition": { object: running },
    AcquisitionFuture: { object: future },
  };
}
