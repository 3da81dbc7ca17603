import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";
import { chosenLayers, plateNamed, readWells, wellsOf } from "./content.ts";
import { layOutPlate } from "./layout.ts";
import { checkPictureKeys, type PlatePicture, type PlatePictureOptions } from "./options.ts";
import { drawFrame, drawMarks, paintWells } from "./paint.ts";

const SIZE = 2048;

/**
 * Draws a plate: every well in its place, its sites as they lie on the map, each channel in its colour with one contrast for the whole plate;
 * wells without images are crossed out, sites that are missing or cannot be read are marked. Collected layers are taken where they are,
 * at the resolution that suits; else images are read.
 *
 * @throws {VitrineError} format: an unknown option; missing: no such plate or channel, no images; range: options that do not suit; aborted
 */
export async function drawPlate(
  experiment: Experiment,
  options: PlatePictureOptions = {},
): Promise<PlatePicture> {
  checkPictureKeys(options);
  const { maxSize = SIZE } = options;
  if (!(Number.isInteger(maxSize) && maxSize >= 100))
    throw new VitrineError({
      code: "range",
      at: "drawPlate maxSize",
      expected: "a whole number of at least 100",
      found: `${maxSize}`,
    });
  const plate = await plateNamed(experiment, options.plate);
  const layers = await chosenLayers(experiment, options);
  const map = await readExperimentMap(experiment);
  const wells = await wellsOf(experiment, plate.id, map);
  const [{ height, width }] = map.map.wells;
  const layout = layOutPlate(plate, { height, width }, maxSize);
  const drawn = { layers, wells, layout, map };
  const values = await readWells(experiment, drawn, options);
  const { canvas, shown } = await paintWells(drawn, values, options);
  drawMarks(canvas, drawn, values);
  drawFrame(canvas, { ...drawn, plate, shown });
  const missing = [...values.missing].map((id) => map.names.get(id) ?? `site ${id}`);
  return { ...canvas, plate: plate.name, shown, wells: values.shown.size, missing };
}
