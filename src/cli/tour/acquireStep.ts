import { copyFile } from "node:fs/promises";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { type DemoMicroscopeOptions, plantedCells, runPlan } from "../../acquire/index.ts";
import { VitrineError } from "../../core/index.ts";
import { type NdtiffDataset, openNdtiff, writeFileAtomic } from "../../io/index.ts";
import { openDesk, quoted, type TourResult, type TourTools } from "./step.ts";

/** A nucleus that the image processor found. */
export interface FoundNucleus {
  readonly well: string;
  readonly site: number;
  /** Pixels of its site. */
  readonly x: number;
  readonly y: number;
  /** Counts above the background. */
  readonly brightness: number;
}

/** The plate on disk, and what was found in it while it was acquired. */
export interface AcquiredPlate extends TourResult {
  readonly folder: string;
  readonly nuclei: readonly FoundNucleus[];
}

const SITE_PX = 512;
export const PIXEL_SIZE_UM = 0.65;
const SITE_UM = SITE_PX * PIXEL_SIZE_UM;
/** Wells of a 96-well plate are so far apart, µm. */
const WELL_STEP_UM = 9000;
const WELLS = ["A1", "A2", "B1", "B2"] as const;
/** Sites of a well, row by row: 0 left above. */
const SITES = [0, 1, 2, 3];
/** Farther apart than half a nucleus, two places are not the same, µm. */
const NEAR_UM = 4;
/** Nuclei that the edge of a site cuts need not be found, µm. */
const EDGE_UM = 6;
/** Those that lie beyond it may still be seen. */
const BEYOND_UM = 13;
/** Nuclei that touch may be taken for one: so many must be found, and so few may be made up. */
const FOUND_SHARE = 0.95;
const OTHERS_SHARE = 0.05;

const MICROSCOPE: DemoMicroscopeOptions = {
  seed: 1,
  specimen: { kind: "cells", cellsPerMm2: 450, plate: { wells: 96 } },
  focus: { tiltUmPerMm: [0, 0], waveUm: 0 },
  pixelSizeUm: PIXEL_SIZE_UM,
  properties: { Camera: { OnCameraCCDXSize: SITE_PX, OnCameraCCDYSize: SITE_PX } },
};
/** Shipped beside the library. */
const PROCESSOR = fileURLToPath(new URL("../../../examples/countNuclei.mjs", import.meta.url));

/** Acquires four wells of a plate; an image processor finds the nuclei as the images arrive. */
export async function acquireStep(tools: TourTools): Promise<AcquiredPlate> {
  const { path, tell, commands, program } = await openDesk(tools);
  const places = WELLS.flatMap((well, i) => SITES.map((site) => placeOf(well, i, site)));
  const plan = {
    axis_order: "pc",
    stage_positions: places.map(({ name, xUm, yUm }) => ({ name, x: xUm, y: yUm })),
    channels: ["DAPI", "FITC"].map((config) => ({ config, exposure: 20 })),
  };
  const [planPath, configPath, processor] = ["plan.json", "microscope.json", "countNuclei.mjs"].map(path);
  await writeJson(planPath, plan);
  await writeJson(configPath, MICROSCOPE);
  await copyFile(PROCESSOR, processor);
  tell(
    `acquire ${quoted(planPath)} --config ${quoted(configPath)} --processor ${quoted(processor)} --dir ${quoted(tools.dir)} --name plate`,
  );
  const { signal, onProgress, onLog } = program;
  const { folder, images } = await runPlan(planPath, {
    microscope: { kind: "demo", config: configPath },
    processor,
    ...{ directory: tools.dir, name: "plate", signal, onProgress, onLog },
  });
  if (folder === null) throw new VitrineError(NOTHING_SAVED);
  await using dataset = await openNdtiff(folder);
  const nuclei = (await Promise.all(places.map((place, i) => nucleiOf(dataset, place, i)))).flat();
  const { planted, found, others } = compared(places, nuclei);
  const isRight = found >= FOUND_SHARE * planted && others <= OTHERS_SHARE * planted;
  return {
    ...{ folder, nuclei },
    name: "acquire",
    title: "Acquire a plate",
    text: `A simulated microscope took ${images} images of 16 sites in 4 wells. A processor found the nuclei of each while the next was taken: ${found} of ${planted}, and ${others} that are none.`,
    commands,
    at: basename(folder),
    ...{ planted, found, others, isRight },
  };
}

const NOTHING_SAVED = {
  code: "storage",
  at: "tour",
  expected: "a dataset of the plate",
  found: "none",
} as const;

interface SitePlace {
  readonly name: string;
  readonly well: string;
  readonly site: number;
  /** Of its middle on the stage. */
  readonly xUm: number;
  readonly yUm: number;
}

function placeOf(well: string, index: number, site: number): SitePlace {
  const [column, row] = [index % 2, Math.floor(index / 2)];
  const xUm = column * WELL_STEP_UM + ((site % 2) - 0.5) * SITE_UM;
  // rows of wells go down the plate, to smaller y of the stage; rows of an image go to larger y
  const yUm = -row * WELL_STEP_UM + (Math.floor(site / 2) - 0.5) * SITE_UM;
  return { name: `${well}-Site_${site}`, well, site, xUm, yUm };
}

/** What the processor wrote into the metadata of a site's image. */
async function nucleiOf(
  dataset: NdtiffDataset,
  { well, site }: SitePlace,
  position: number,
): Promise<FoundNucleus[]> {
  const { Nuclei } = await dataset.readMetadata({ position, channel: 0 });
  const rows = Nuclei as readonly (readonly [x: number, y: number, brightness: number])[];
  return rows.map(([x, y, brightness]) => ({ well, site, x, y, brightness }));
}

/** Pairs what was found with what is there, site by site. */
function compared(places: readonly SitePlace[], nuclei: readonly FoundNucleus[]) {
  let [planted, found, others] = [0, 0, 0];
  for (const { well, site, xUm, yUm } of places) {
    const [leftUm, topUm] = [xUm - SITE_UM / 2, yUm - SITE_UM / 2];
    const window = { leftUm: leftUm - BEYOND_UM, topUm: topUm - BEYOND_UM };
    const side = SITE_UM + 2 * BEYOND_UM;
    const cells = plantedCells(MICROSCOPE, { ...window, widthUm: side, heightUm: side });
    const isInside = (value: number, from: number) =>
      value >= from + EDGE_UM && value <= from + SITE_UM - EDGE_UM;
    const here = nuclei.filter((nucleus) => nucleus.well === well && nucleus.site === site);
    const spots = here.map(({ x, y }) => ({
      xUm: leftUm + (x + 0.5) * PIXEL_SIZE_UM,
      yUm: topUm + (y + 0.5) * PIXEL_SIZE_UM,
    }));
    const isNear = (a: Place, b: Place) => Math.hypot(a.xUm - b.xUm, a.yUm - b.yUm) <= NEAR_UM;
    const whole = cells.filter((cell) => isInside(cell.xUm, leftUm) && isInside(cell.yUm, topUm));
    planted += whole.length;
    found += whole.filter((cell) => spots.some((spot) => isNear(cell, spot))).length;
    others += spots.filter((spot) => !cells.some((cell) => isNear(cell, spot))).length;
  }
  return { planted, found, others };
}

type Place = Readonly<Record<"xUm" | "yUm", number>>;

/** Writes JSON that a person reads. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  const text = `${JSON.stringify(value, undefined, 2)}\n`;
  await writeFileAtomic(path, new TextEncoder().encode(text), { overwrite: true });
}
