/** Experiments that hold the objects of an image for as long as a server runs: what edits, asks and groups objects works on them alike. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withOpenPaths } from "../../core/index.node.ts";
import { createExperiment, type Experiment } from "../../experiment/index.ts";
import { axisOf, type ImageSource, viewLevels } from "../../io/index.ts";

/** An experiment in a folder of its own, which goes with it. */
export interface ScratchExperiment extends AsyncDisposable {
  readonly experiment: Experiment;
}

/** Makes one whose map is as large as an image. @throws {VitrineError} storage: no room for it */
export async function makeScratch(source: ImageSource): Promise<ScratchExperiment> {
  const folder = await mkdtemp(join(tmpdir(), "vitrine-objects-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    // it lies beside what is served, and nobody who asks can name it
    const experiment = await withOpenPaths(
      () => true,
      () => createExperiment(join(folder, "objects")),
    );
    await addMap(experiment, source);
    return {
      experiment,
      async [Symbol.asyncDispose]() {
        await experiment.close();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** A layer without pixels: outlines beyond it are refused, and its depth says from which zoom on they show. */
async function addMap(experiment: Experiment, source: ImageSource): Promise<void> {
  const { shape } = source.levels[0];
  const [height, width] = [shape[axisOf(source, "y")], shape[axisOf(source, "x")]];
  const { query } = experiment;
  await query
    .insertInto("channels")
    .values({ name: "image", wavelength: null, bitDepth: 16, pixelMask: null, color: null })
    .execute();
  await query
    .insertInto("channelLayers")
    .values({
      ...{ channelId: 1, tpoint: 0, zplane: 0, minIntensity: 0, maxIntensity: 255, height, width },
      ...{ maxZoom: viewLevels(source).length - 1, path: null },
    })
    .execute();
}

/** Few objects show their outlines at every zoom. */
const FEW = 5000;

/** Has the outlines of few objects drawn however far one is; those of many by the depth of the map. */
export async function showFew({ query }: Experiment): Promise<void> {
  const { count } = await query
    .selectFrom("mapobjects")
    .select((of) => of.fn.countAll<number>().as("count"))
    .executeTakeFirstOrThrow();
  if (count > FEW) return;
  await query.updateTable("segmentationLayers").set({ polygonThresh: 0, centroidThresh: 0 }).execute();
}
