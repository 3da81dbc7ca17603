// A user's program: compiled against the packed package with the strictest options, and never run.
import { VitrineError } from "vitrine";
import {
  Acquisition,
  type AcquisitionEvent,
  type AcquisitionHook,
  type ImageProcessor,
  openDemoMicroscope,
} from "vitrine/acquire";
import { createPool, irfft2, type Pool, rfft2 } from "vitrine/compute";
import { convertDataset, openDataset, readMrcImage, readMrcVolume, readStar, starTable } from "vitrine/io";
import { runMultiprocessJobs } from "vitrine/jobs";
import { parseMatchSettings, runMatch, TemplateSearch, templateFromVolume } from "vitrine/match";
import { electronWavelengthA } from "vitrine/optics";

/** The example of the first page. */
export async function searchMicrograph(yaml: string): Promise<number> {
  const settings = parseMatchSettings(yaml, "search.yaml");
  const micrograph = await readMrcImage("micrograph.mrc");
  const template = templateFromVolume(await readMrcVolume("template.mrc"));
  const pool: Pool = await createPool({ workers: 2 });
  const search = await TemplateSearch.create(pool, { micrograph, template, settings });
  await search.run();
  const [best] = await search.particles({ falsePositives: 1 });
  await pool.dispose();
  return best?.zScore ?? 0;
}

/** A whole search from its configuration, stopped by whoever holds the controller. */
export async function searchFile(
  path: string,
  controller: { readonly signal: AbortSignal },
): Promise<number> {
  try {
    const report = await runMatch(path, { signal: controller.signal, falsePositives: 1 });
    return report.particles.length;
  } catch (error) {
    if (error instanceof VitrineError && error.code === "aborted") return 0;
    throw error;
  }
}

/** Memory of a pool has names, never addresses. */
export function addressOf(pool: Pool): unknown {
  // @ts-expect-error: not known outside of kernels
  return pool.memory;
}

const brighten: ImageProcessor = (image, metadata) => {
  const { time = 0 } = metadata.Axes;
  image.data.set(image.data.map((value) => value + Number(time)));
  return [image, metadata];
};

const skipLate: AcquisitionHook<AcquisitionEvent> = (event) =>
  Number(event.axes?.time ?? 0) > 10 ? null : event;

/** An acquisition with a processor and a hook, read back and converted. */
export async function acquireImages(directory: string): Promise<number> {
  await using microscope = await openDemoMicroscope();
  const hooks = { eventGeneration: skipLate };
  const options = { microscope, directory, name: "run", imageProcessor: brighten, hooks };
  const acquisition = await Acquisition.open(options);
  acquisition.acquire([{ axes: { time: 0 }, exposure: 10 }]);
  await acquisition.done();
  const { data } = await acquisition.dataset.asArray(["time"]).read();
  await (await openDataset(`${directory}/run_1`)).dataset.close();
  await convertDataset(`${directory}/run_1`, `${directory}/run.npy`);
  return data[0] === undefined ? 0 : Number(data[0]);
}

/** Everything else once. */
export async function useTheRest(pool: Pool): Promise<void> {
  const stars = await readStar("particles.star");
  starTable(stars, "particles").numbers("rlnCoordinateX").at(0);
  const spectrum = await rfft2(pool, new Float32Array(16), [4, 4]);
  await irfft2(pool, spectrum, [4, 4]);
  await runMultiprocessJobs({ module: new URL("file:///work.mjs"), export: "add" }, [{ a: 1 }]);
  electronWavelengthA(300).toFixed(4);
}
