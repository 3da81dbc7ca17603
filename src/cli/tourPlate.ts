import {
  Acquisition,
  createSimulatedClock,
  type ImageProcessor,
  openDemoMicroscope,
} from "../acquire/index.ts";
import { seededRandom } from "../core/index.ts";
import { openNdtiff, type PixelImage } from "../io/index.ts";

/** One well and what was counted in it. */
export interface WellCount {
  readonly well: string;
  /** Beads in its specimen. */
  readonly planted: number;
  /** Beads that the image processor counted, as the dataset on disk has it. */
  readonly counted: number;
}

/** What came of the plate. */
export interface PlateResult {
  readonly folder: string;
  readonly images: number;
  readonly wells: readonly WellCount[];
}

const FIELD_PX = 256;
const PIXEL_SIZE_UM = 0.65;
/** Wells of a 96-well plate are so far apart, µm. */
const WELL_STEP_UM = 9000;
const WELLS = ["A1", "A2", "B1", "B2"] as const;
const LARGEST_COUNT = 9;
/** Beads keep this distance from each other and from the edge, px. */
const APART_PX = 20;
const BEAD_PX = 9;
/** Counts above the background of a pixel that is a bead. */
const THRESHOLD = 800;

/**
 * Acquires four wells through an image processor that counts beads, and reads from disk what it counted.
 *
 * @param directory  where the NDTiff dataset `plate_N` is made
 */
export async function acquirePlate(directory: string): Promise<PlateResult> {
  const clock = createSimulatedClock();
  const planted = plantBeads();
  await using microscope = await openDemoMicroscope({
    clock,
    specimen: { kind: "planted", background: 20, images: planted.flatMap(({ beads }) => beads) },
    focus: { offsetUm: 0, tiltUmPerMm: [0, 0], waveUm: 0 },
    pixelSizeUm: PIXEL_SIZE_UM,
    properties: { Camera: { OnCameraCCDXSize: FIELD_PX, OnCameraCCDYSize: FIELD_PX } },
  });
  const imageProcessor: ImageProcessor = (image, metadata) => [
    image,
    { ...metadata, Beads: countSpots(image) },
  ];
  const acquisition = await Acquisition.open({ microscope, clock, directory, name: "plate", imageProcessor });
  acquisition.acquire(
    planted.map(({ well, xUm, yUm }) => ({ axes: { position: well }, x: xUm, y: yUm, z: 0, exposure: 20 })),
  );
  await acquisition.done();
  await acquisition.dataset.close();
  return readBack(acquisition.dataset.name, planted);
}

async function readBack(folder: string, planted: readonly PlantedWell[]): Promise<PlateResult> {
  await using dataset = await openNdtiff(folder);
  const wells = await Promise.all(
    planted.map(async ({ well, beads }) => {
      const { Beads } = await dataset.readMetadata({ position: well });
      return { well, planted: beads.length, counted: Number(Beads) };
    }),
  );
  return { folder, images: dataset.imageCoordinates().length, wells };
}

interface PlantedWell {
  readonly well: string;
  readonly xUm: number;
  readonly yUm: number;
  readonly beads: readonly Bead[];
}

type Bead = Readonly<Record<"xUm" | "yUm" | "pixelSizeUm" | "widthPx" | "heightPx", number>> & {
  readonly data: Float32Array;
};

/** A seeded number of beads at seeded places in each well. */
function plantBeads(): PlantedWell[] {
  const random = seededRandom(4);
  return WELLS.map((well, i) => {
    const [xUm, yUm] = [(i % 2) * WELL_STEP_UM, -Math.floor(i / 2) * WELL_STEP_UM];
    const count = 1 + Math.floor(random.uniform() * LARGEST_COUNT);
    const places: [number, number][] = [];
    while (places.length < count) {
      const place = [0, 0].map(() => (random.uniform() - 0.5) * (FIELD_PX - 2 * APART_PX)) as [
        number,
        number,
      ];
      if (places.every(([x, y]) => Math.hypot(x - place[0], y - place[1]) > APART_PX)) places.push(place);
    }
    const beads = places.map(([x, y]) => bead(xUm + x * PIXEL_SIZE_UM, yUm + y * PIXEL_SIZE_UM));
    return { well, xUm, yUm, beads };
  });
}

/** A Gaussian spot. */
function bead(xUm: number, yUm: number): Bead {
  const middle = (BEAD_PX - 1) / 2;
  const data = Float32Array.from({ length: BEAD_PX ** 2 }, (_, i) => {
    const [x, y] = [(i % BEAD_PX) - middle, Math.floor(i / BEAD_PX) - middle];
    return 150 * Math.exp(-(x * x + y * y) / 6);
  });
  return { xUm, yUm, pixelSizeUm: PIXEL_SIZE_UM, widthPx: BEAD_PX, heightPx: BEAD_PX, data };
}

/** Connected places above the background, which is taken for the mean of the image. */
function countSpots({ data, width }: PixelImage): number {
  let sum = 0;
  for (const value of data) sum += value;
  const threshold = sum / data.length + THRESHOLD;
  const left = new Set<number>();
  for (let i = 0; i < data.length; i++) if (data[i]! > threshold) left.add(i);
  let spots = 0;
  for (const start of left) {
    spots++;
    const open = [start];
    for (let i = open.pop(); i !== undefined; i = open.pop())
      if (left.delete(i)) open.push(i - 1, i + 1, i - width, i + width);
  }
  return spots;
}
