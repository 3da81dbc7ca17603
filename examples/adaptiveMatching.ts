/**
 * Adaptive acquisition with template matching as the image processor, in one process.
 *
 * The microscope looks at one field after another. Every image is searched for a molecule as it arrives; where the best z-score
 * passes the threshold, an event is put at the molecule's stage position. The image that comes of it shows whether the molecule
 * is in the middle now, and ends the acquisition.
 */
import { pathToFileURL } from "node:url";
import { Acquisition, createSimulatedClock, type ImageProcessor, openDemoMicroscope } from "vitrine/acquire";
import { createPool, type Pool } from "vitrine/compute";
import type { Dataset, PixelImage } from "vitrine/io";
import { TemplateSearch, templateFromVolume } from "vitrine/match";
import * as scene from "./plantedMolecule.ts";

const { FIELD_PX, PIXEL_SIZE_A, PIXEL_SIZE_UM, TEMPLATE_PX } = scene;
/** Neighbouring fields share as much as a molecule takes, so that none lies on an edge of all its fields. */
const STEP_UM = (FIELD_PX - TEMPLATE_PX) * PIXEL_SIZE_UM;
const [COLUMNS, ROWS] = [3, 3];
const OVERVIEW_MS = 10;
const CLOSE_UP_MS = 40;

/** A place on the stage, µm. */
export interface StagePosition {
  readonly xUm: number;
  readonly yUm: number;
}

/** A molecule in an image. */
export interface Find extends StagePosition {
  readonly zScore: number;
}

/** What came of an acquisition. */
export interface AdaptiveResult {
  /** In the overview; undefined where no field has a molecule. */
  readonly find: Find | undefined;
  /** In the close-up, which was taken at that place. */
  readonly closeUp: Find | undefined;
  /** Overviews have the axis `field`, the close-up `closeUp`. */
  readonly dataset: Dataset;
}

/** Looks for the molecule, which lies at `planted`; without it the specimen is empty. */
export async function runAdaptiveMatching(planted?: StagePosition): Promise<AdaptiveResult> {
  await using pool = await createPool(); // threads for the searches
  const clock = createSimulatedClock(); // exposures and moves take no real time
  await using microscope = await openDemoMicroscope({ clock, ...scene.microscopeOptions(planted) });
  let find: Find | undefined;
  let closeUp: Find | undefined;

  const imageProcessor: ImageProcessor = async (image, metadata, eventQueue) => {
    const { Axes, XPosition_um_Intended: xUm, YPosition_um_Intended: yUm } = metadata;
    const found = await findMolecule(image, { xUm: Number(xUm), yUm: Number(yUm) }, pool);
    if (Axes.field === undefined) {
      closeUp = found;
      eventQueue.put(null); // nothing more: the acquisition ends after this image
    } else if (found !== undefined) {
      find = found;
      eventQueue.put({ axes: { closeUp: 0 }, x: found.xUm, y: found.yUm, exposure: CLOSE_UP_MS });
    } else {
      const next = Number(Axes.field) + 1;
      eventQueue.put(next < COLUMNS * ROWS ? overviewEvent(next) : null);
    }
    return [image, metadata];
  };

  // not `await using`, which would end it after the first event: this one is ended by its processor
  const acquisition = await Acquisition.open({ microscope, clock, imageProcessor, save: "memory" });
  acquisition.acquire(overviewEvent(0));
  await acquisition.finished;
  return { find, closeUp, dataset: acquisition.dataset };
}

/** Fields lie row by row. */
function overviewEvent(field: number) {
  const [row, column] = [Math.floor(field / COLUMNS), field % COLUMNS];
  return { axes: { field }, x: column * STEP_UM, y: row * STEP_UM, exposure: OVERVIEW_MS };
}

/** The best match in an image whose middle is a place on the stage; undefined below one false find in 20 images. */
async function findMolecule(
  { data, width, height }: PixelImage,
  middle: StagePosition,
  pool: Pool,
): Promise<Find | undefined> {
  const micrograph = {
    data: Float32Array.from(data),
    shape: [height, width] as const,
    pixelSizeA: PIXEL_SIZE_A,
  };
  const inputs = { micrograph, template: templateFromVolume(scene.template), settings: scene.settings };
  const search = await TemplateSearch.create(pool, inputs, { exactSlices: true });
  try {
    await search.run();
    const [best] = await search.particles({ falsePositives: 0.05, maskRadiusPx: TEMPLATE_PX });
    if (best === undefined) return undefined;
    const { zScore } = best;
    const xPx = best.xPx - (width - 1) / 2; // from the middle of the image
    const yPx = best.yPx - (height - 1) / 2;
    return { xUm: middle.xUm + xPx * PIXEL_SIZE_UM, yUm: middle.yUm + yPx * PIXEL_SIZE_UM, zScore };
  } finally {
    search.dispose();
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { find, closeUp, dataset } = await runAdaptiveMatching({ xUm: 0.0537, yUm: 0.0312 });
  console.log("found at", find, "seen there at", closeUp, "in", dataset.imageCoordinates().length, "images");
}
