import { counted, VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { type CycleShifts, readCycleShifts } from "../layers/alignment.ts";
import {
  type Block,
  batchesOf,
  blocksAbove,
  type FilledBlock,
  type PhaseLevels,
  phasesOf,
  touchedBlocks,
} from "../layers/blocks.ts";
import { type ExperimentMap, readExperimentMap } from "../layers/experimentMap.ts";
import { layerImages, layerName } from "../layers/layers.ts";
import type { BatchImage, ReducedBatch, SitesBatch, TilesBatch } from "../tiles/batch.ts";
import type { IlluminatiBatchOptions } from "./arguments.ts";
import { type PlannedLayer, planLayers } from "./planLayers.ts";

/** Told what a user should know. */
type Log = (message: string, kind: "warning" | "note") => void;

/** Parts of one job of an upper phase, at least: what one block there is made of. */
const LEAST_PARTS = 1024;

/** A job with the phase in which it runs, and its place there. */
export interface PhaseBatch {
  readonly phase: string;
  readonly index: number;
  readonly batch: TilesBatch;
}

/** A block that a job of the phase before leaves, and where. */
interface LeftBlock extends Block {
  readonly batch: number;
  readonly at: number;
}

/** Plans a whole pyramid: layers, phases, and the jobs of each, phase by phase. */
export class BatchPlan {
  readonly map: ExperimentMap;
  readonly layers: readonly PlannedLayer[];
  readonly phases: readonly PhaseLevels[];
  readonly #experiment: Experiment;
  readonly #args: IlluminatiBatchOptions;
  readonly #shifts: CycleShifts | undefined;
  readonly #onLog: Log;
  /** Of each layer: what the phase that was planned last leaves. */
  readonly #left = new Map<number, readonly LeftBlock[]>();
  #planned = 0;
  #id = 0;

  /** @internal */
  constructor({ map, layers, shifts }: Planned, experiment: Experiment, args: PlanArguments) {
    this.map = map;
    this.layers = layers;
    this.phases = phasesOf(map.levels);
    this.#experiment = experiment;
    this.#args = args.options;
    this.#onLog = args.onLog;
    this.#shifts = shifts;
  }

  /** Jobs in the order of their numbers. Each phase is planned once, after the one before. */
  async *batches(): AsyncGenerator<PhaseBatch> {
    for (let phase = 0; phase < this.phases.length; phase++) yield* this.phaseBatches(phase);
  }

  /** The jobs of one phase. @throws {VitrineError} format: a file's place that is none; whatever a query throws */
  async *phaseBatches(phase: number): AsyncGenerator<PhaseBatch> {
    if (phase !== this.#planned) throw new RangeError(`phase ${phase} is planned after ${this.#planned}`);
    this.#planned++;
    let index = 0;
    for (const planned of this.layers) {
      const batches = phase === 0 ? await this.#siteBatches(planned) : this.#reducedBatches(planned, phase);
      const left: LeftBlock[] = [];
      for (const batch of batches) {
        this.#id++;
        batch.blocks.forEach(({ row, column }, at) => {
          left.push({ row, column, batch: index, at });
        });
        yield { phase: phaseName(this.phases[phase]), index, batch: { ...batch, id: this.#id } };
        index++;
      }
      this.#left.set(planned.layer.id, left);
    }
  }

  async #siteBatches({ key, layer, illumination }: PlannedLayer): Promise<SitesBatch[]> {
    const [levels] = this.phases;
    const images = await this.#images({ key, layer, illumination });
    const shown = images.map(({ window, ...image }) => ({ ...image, ...sizeOf(window ?? image) }));
    const blocks = touchedBlocks(shown, levels, this.map.levels);
    return batchesOf(blocks, this.#args.batchSize).map((some) => {
      const { list, blocks: own } = withOwnInputs(some, images);
      const { align, illumcorr, blend, featherPx = null, resample } = this.#args;
      const common = { id: 1, layer, level: levels.first, levels: levels.count };
      const how = { align, illumcorr, illumination, blend, featherPx, resample };
      return { kind: "sites", ...common, ...how, images: list, blocks: own };
    });
  }

  async #images({ key }: PlannedLayer): Promise<BatchImage[]> {
    const places = new Map(this.map.map.sites.map((site) => [site.id, site]));
    const found = await layerImages(this.#experiment, key);
    const placed = found.flatMap((image): BatchImage[] => {
      const site = places.get(image.siteId);
      if (site === undefined) return [];
      const { path, imageIndex, plane, pixelMask } = image;
      const { height, width } = site;
      const box = this.#shifts?.alignedBox(site) ?? site;
      const window = this.#shifts?.windowOf({ ...image, height, width }) ?? null;
      const name = this.map.names.get(site.id) ?? `site ${site.id}`;
      const fraction = this.#args.resample === "round" ? null : (this.map.fractions.get(site.id) ?? null);
      const place = { y: box.y, x: box.x, height, width, fraction };
      return [{ site: name, path, imageIndex, plane, pixelMask, ...place, window }];
    });
    const sites = new Set(found.map(({ siteId }) => siteId));
    this.#tellMissing(layerName(key), sites);
    const hidden = found.length - sites.size;
    if (hidden > 0)
      this.#onLog(
        `${layerName(key)}: ${counted(hidden, "image of an earlier cycle lies", "images of earlier cycles lie")} under those of a later one ` +
          "of the same channel and sites; give the channels of each cycle names of their own to see all (vitrine import --channel-names distinct)",
        "warning",
      );
    return placed;
  }

  #tellMissing(layer: string, found: ReadonlySet<number>): void {
    const missing = [...this.map.names].filter(([id]) => !found.has(id)).map(([, name]) => name);
    if (missing.length === 0) return;
    const listed = `${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}`;
    this.#onLog(
      `${layer}: ${missing.length === 1 ? "a site has no image and stays" : `${missing.length} sites have no image and stay`} black: ${listed}`,
      "warning",
    );
  }

  #reducedBatches({ layer }: PlannedLayer, phase: number): ReducedBatch[] {
    const levels = this.phases[phase];
    const parts = this.#left.get(layer.id) ?? [];
    const blocks = blocksAbove(parts, levels, this.map.levels);
    return batchesOf(blocks, Math.max(LEAST_PARTS, this.#args.batchSize)).map((some) => {
      const { list, blocks: own } = withOwnInputs(some, parts);
      const common = { id: 1, layer, level: levels.first, levels: levels.count };
      return {
        kind: "reduced",
        ...common,
        from: phaseName(this.phases[phase - 1]),
        parts: list,
        blocks: own,
      };
    });
  }
}

interface Planned {
  readonly map: ExperimentMap;
  readonly layers: readonly PlannedLayer[];
  readonly shifts: CycleShifts | undefined;
}

interface PlanArguments {
  readonly options: IlluminatiBatchOptions;
  readonly onLog: Log;
}

/**
 * Plans the pyramid of an experiment. What is left out is said.
 *
 * @throws {VitrineError} as `readExperimentMap` and `planLayers`
 */
export async function planBatches(experiment: Experiment, args: PlanArguments): Promise<BatchPlan> {
  const map = await readExperimentMap(experiment);
  if (map.unplaced.length > 0)
    args.onLog(
      `${map.unplaced.length === 1 ? "a site has no place on the map and is" : `${map.unplaced.length} sites have no place on the map and are`} left out: ${map.unplaced.slice(0, 5).join(", ")}` +
        `${map.unplaced.length > 5 ? ", …" : ""}; import them with --layout, or with their positions`,
      "warning",
    );
  const layers = await planLayers(experiment, map, args.options);
  tellUnclipped(layers, args);
  const shifts = args.options.align ? await readCycleShifts(experiment) : undefined;
  if (shifts?.size === 0) await tellUnaligned(experiment, args.onLog);
  return new BatchPlan({ map, layers, shifts }, experiment, args);
}

/** Pixels of 8 bits become tiles as they are. */
function tellUnclipped(layers: readonly PlannedLayer[], { options, onLog }: PlanArguments): void {
  if (!options.clip && options.clipValue === undefined) return;
  const channels = new Set(
    layers.flatMap(({ key, layer }) => (layer.dtype === "uint8" ? [key.channel] : [])),
  );
  if (channels.size > 0)
    onLog(
      `clip (--clip, --clip-value) has no effect on ${[...channels].join(", ")}: pixels of 8 bits stay as they are`,
      "warning",
    );
}

/** @throws {VitrineError} missing: there are several cycles, and their shifts were not found */
async function tellUnaligned({ query, directory }: Experiment, onLog: Log): Promise<void> {
  const cycles = await query.selectFrom("imageFiles").select("cycleId").distinct().execute();
  if (cycles.length > 1)
    throw new VitrineError({
      code: "missing",
      at: directory,
      expected: "shifts of sites between cycles",
      found: "none",
      hint: `Find them first: vitrine illuminati ${directory} align`,
    });
  onLog("there is one cycle: alignment changes nothing", "warning");
}

/** The name of a phase: `levels-0-4`. */
export function phaseName({ first, count }: PhaseLevels): string {
  return `levels-${first}-${first + count - 1}`;
}

function sizeOf({ height, width }: { readonly height: number; readonly width: number }) {
  return { height, width };
}

/** A job carries only what its own blocks are made of, in the order of the whole list. */
function withOwnInputs<T>(
  blocks: readonly FilledBlock[],
  all: readonly T[],
): { readonly list: T[]; readonly blocks: { row: number; column: number; inputs: number[] }[] } {
  const used = [...new Set(blocks.flatMap(({ inputs }) => inputs))].sort((a, b) => a - b);
  const places = new Map(used.map((input, i) => [input, i]));
  return {
    list: used.map((input) => all[input]),
    blocks: blocks.map(({ row, column, inputs }) => ({
      row,
      column,
      inputs: inputs.map((input) => places.get(input) ?? 0),
    })),
  };
}
