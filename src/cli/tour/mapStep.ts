import {
  createExperiment,
  type Experiment,
  importImages,
  importMapobjects,
  openExperiment,
  planImport,
  windowOfPart,
} from "../../experiment/index.ts";
import { PLATE_FORMATS } from "../../io/index.ts";
import { layerSource, openLayerArchive, PyramidBuilder } from "../../pyramid/index.ts";
import { type AcquiredPlate, type FoundNucleus, PIXEL_SIZE_UM, writeJson } from "./acquireStep.ts";
import { openDesk, quoted, type TourDesk, type TourResult, type TourTools } from "./step.ts";

/** Counts that are white on the map. */
const WHITE = 3000;
/** Grey value above which the map shows a nucleus; the medium has less than 10. */
const BRIGHT = 20;

/** Makes an experiment of the plate, its layers, and map objects of the nuclei. */
export async function mapStep(
  plate: Pick<AcquiredPlate, "folder" | "nuclei">,
  tools: TourTools,
): Promise<TourResult> {
  const desk = await openDesk(tools);
  const screen = desk.path("screen");
  await makeExperiment(screen, plate.folder, desk);
  await using experiment = await openExperiment(screen);
  const layers = await makeLayers(experiment, screen, desk);
  const geojson = desk.path("nuclei.geojson");
  const placed = await placedNuclei(experiment, plate.nuclei);
  await writeJson(geojson, { type: "FeatureCollection", features: placed.map(featureOf) });
  desk.tell(`objects import ${quoted(screen)} ${quoted(geojson)} --type Nuclei`);
  const { signal, onProgress, onLog } = desk.program;
  const { objects } = await importMapobjects(
    experiment,
    { path: geojson, type: "Nuclei" },
    { signal, onProgress, onLog },
  );
  const bright = await brightOf(`${screen}/${layers[0]}`, placed);
  return {
    name: "map",
    title: "Map it",
    text: `The 16 sites became two zoomable layers, a channel each, and the nuclei ${objects} objects on them; under ${bright} of them the map is bright.`,
    commands: desk.commands,
    at: "screen",
    // a well, near enough for its objects to be drawn one by one
    view: "objects=Nuclei&feature=Brightness&view=512,512,-0.7",
    ...{ planted: placed.length, found: Math.min(objects, bright), others: 0 },
    isRight: objects === placed.length && bright === placed.length && layers.length === 2,
  };
}

async function makeExperiment(screen: string, folder: string, { tell, program }: TourDesk): Promise<void> {
  tell(`experiment create ${quoted(screen)} --pixel-size ${PIXEL_SIZE_UM}`);
  await using experiment = await createExperiment(screen, { pixelSizeUm: PIXEL_SIZE_UM });
  tell(`import ${quoted(screen)} ${quoted(folder)} --plate plate --format 96`);
  const { signal, onLog } = program;
  const options = { plate: "plate", format: PLATE_FORMATS[96], experiment, signal };
  const plan = await planImport(folder, options);
  for (const warning of [...plan.warnings, ...plan.missing]) onLog(warning, "warning");
  const { warnings } = await importImages(experiment, plan, { signal });
  for (const warning of warnings) onLog(warning, "warning");
}

/** @returns paths of the layers' archives, below the experiment's folder */
async function makeLayers(
  experiment: Experiment,
  screen: string,
  { tell, program }: TourDesk,
): Promise<readonly string[]> {
  const builder = new PyramidBuilder(experiment);
  const { signal, onProgress, onLog } = program;
  tell(`illuminati ${quoted(screen)} init --clip-value ${WHITE}`);
  await builder.init({ clip: true, clipValue: WHITE }, { onLog });
  tell(`illuminati ${quoted(screen)} submit`);
  const { layers } = await builder.submit({}, { engine: { kind: "local" }, signal, onProgress, onLog });
  return layers.map(({ path }) => path);
}

interface PlacedNucleus {
  /** On the map, pixels. */
  readonly x: number;
  readonly y: number;
  readonly brightness: number;
}

/** Where nuclei of sites lie on the map. */
async function placedNuclei(
  experiment: Experiment,
  nuclei: readonly FoundNucleus[],
): Promise<readonly PlacedNucleus[]> {
  const placed: PlacedNucleus[] = [];
  const corners = new Map<string, { readonly y: number; readonly x: number }>();
  for (const { well, site, x, y, brightness } of nuclei) {
    const key = `${well} ${site}`;
    // wells of an experiment have two digits
    const part = { well: well.replace(/\d+/, (digits) => digits.padStart(2, "0")), site };
    const corner = corners.get(key) ?? (await windowOfPart(experiment, part));
    corners.set(key, corner);
    placed.push({ x: corner.x + x, y: corner.y + y, brightness });
  }
  return placed;
}

function featureOf({ x, y, brightness }: PlacedNucleus) {
  return {
    type: "Feature",
    geometry: { type: "Point", coordinates: [x, y] },
    properties: { measurements: { Brightness: brightness } },
  };
}

/** How many of them are bright on a layer: whether every site lies where it belongs. */
async function brightOf(path: string, nuclei: readonly PlacedNucleus[]): Promise<number> {
  await using archive = await openLayerArchive(path);
  const source = layerSource(archive, path);
  const { height, width } = archive.metadata;
  const { data } = await source.read({ level: 0 });
  return nuclei.filter(({ x, y }) => x < width && y < height && Number(data[y * width + x]) > BRIGHT).length;
}
