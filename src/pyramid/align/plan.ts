import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { readExperimentMap } from "../layers/experimentMap.ts";
import { layerImages } from "../layers/layers.ts";
import { layerType } from "../step/planLayers.ts";
import type { BatchImage } from "../tiles/batch.ts";
import type { AlignBatch } from "./batch.ts";

/** How cycles are aligned. */
export interface AlignChoice {
  /** Index of the cycle that others are moved onto. */
  readonly referenceCycle: number;
  /** The wavelength, or name, of the channel that all cycles have; default: that of the reference cycle's first one. */
  readonly channel?: string;
}

/** A cycle with the channel by which it is aligned. */
interface AlignedCycle {
  readonly id: number;
  readonly cycleIndex: number;
  readonly channelId: number;
  readonly channel: string;
}

/** Sites of a cycle with their images. */
interface CycleImages {
  readonly cycle: AlignedCycle;
  readonly dtype: AlignBatch["cycle"]["dtype"];
  readonly images: ReadonlyMap<number, BatchImage>;
}

/**
 * A batch for each well and cycle but the reference.
 *
 * @throws {VitrineError} missing: no such cycle, only one, or a cycle without the channel
 */
export async function planAlignment(experiment: Experiment, choice: AlignChoice): Promise<AlignBatch[]> {
  const { map, names } = await readExperimentMap(experiment);
  const cycles = await alignedCycles(experiment, choice);
  const all: CycleImages[] = [];
  for (const cycle of cycles) all.push(await cycleImages(experiment, cycle, { map, names }));
  const reference = all.find(({ cycle }) => cycle.cycleIndex === choice.referenceCycle)!;
  const wells = await wellSites(experiment, new Set(map.sites.map(({ id }) => id)));
  const places = new Map(map.sites.map((site) => [site.id, site]));
  const corners = new Map(map.wells.map((well) => [well.id, well]));
  const batches: AlignBatch[] = [];
  for (const { cycle, dtype, images } of all) {
    if (cycle === reference.cycle) continue;
    for (const { wellId, name, siteIds } of wells) {
      const corner = corners.get(wellId)!;
      const side = (of: Pick<CycleImages, "dtype" | "images">) => ({
        dtype: of.dtype,
        images: siteIds.map((id) => of.images.get(id) ?? null),
      });
      batches.push({
        ...{ well: name, cycleId: cycle.id, cycleIndex: cycle.cycleIndex, siteIds },
        places: siteIds.map((id) => {
          const { y, x, height, width } = places.get(id)!;
          return { y: y - corner.y, x: x - corner.x, height, width };
        }),
        reference: side(reference),
        cycle: side({ dtype, images }),
      });
    }
  }
  return batches;
}

interface ChannelOfCycle {
  readonly wavelength: string | null;
  readonly channel: string;
  readonly cycleIndex: number;
}

/** The cycles, each with the channel whose wavelength or name is that of the reference. */
async function alignedCycles({ query, directory }: Experiment, choice: AlignChoice): Promise<AlignedCycle[]> {
  const rows = await query
    .selectFrom("imageFiles")
    .innerJoin("cycles", "cycles.id", "imageFiles.cycleId")
    .innerJoin("channels", "channels.id", "imageFiles.channelId")
    .select(["cycles.id as id", "cycleIndex", "channelId", "channels.name as channel", "wavelength"])
    .distinct()
    .orderBy("cycleIndex")
    .orderBy("channelId")
    .execute();
  const indices = [...new Set(rows.map(({ cycleIndex }) => cycleIndex))];
  if (indices.length < 2 || !indices.includes(choice.referenceCycle))
    throw new VitrineError({
      code: "missing",
      at: `${directory} cycles`,
      expected: `cycle ${choice.referenceCycle} and others, which are aligned to it`,
      found: `cycles ${indices.join(", ") || "none"}`,
    });
  const reference = rows.find(({ cycleIndex }) => cycleIndex === choice.referenceCycle)!;
  const exact = choice.channel ?? nameOf(reference);
  const stain = choice.channel ?? stainOf(reference);
  return indices.map((index) => {
    const own = rows.filter(({ cycleIndex }) => cycleIndex === index);
    // Alexa 488 and Alexa 647 are alike but for a number that could be a cycle's
    const found =
      own.find((row) => row.channel === exact || nameOf(row) === exact) ??
      own.find((row) => row.channel === stain || stainOf(row) === stain);
    if (found !== undefined) {
      const { id, cycleIndex, channelId, channel } = found;
      return { id, cycleIndex, channelId, channel };
    }
    throw new VitrineError({
      code: "missing",
      at: `${directory} cycle ${index}`,
      expected: `a channel of the wavelength ${stain}, by which cycles are aligned`,
      found: own.map(({ channel, wavelength }) => `${channel} (${wavelength ?? "no wavelength"})`).join(", "),
      hint: "Name one that all cycles have: --channel",
    });
  });
}

/** Its wavelength, else its name without what an import puts in front to tell cycles apart. */
function nameOf({ wavelength, channel, cycleIndex }: ChannelOfCycle): string {
  const prefix = `${cycleIndex}_`;
  return wavelength ?? (channel.startsWith(prefix) ? channel.slice(prefix.length) : channel);
}

/** What is the same of a stain in all cycles: its wavelength, else its name without the cycle's number. */
function stainOf({ wavelength, channel }: ChannelOfCycle): string {
  return wavelength ?? channel.replace(/^(cycle)?\d+[_ -]|[_ -](cycle)?\d+$/g, "");
}

async function cycleImages(
  experiment: Experiment,
  cycle: AlignedCycle,
  { map, names }: Pick<Awaited<ReturnType<typeof readExperimentMap>>, "map" | "names">,
): Promise<CycleImages> {
  const planes = await experiment.query
    .selectFrom("imageFiles")
    .select(["tpoint", "zplane"])
    .distinct()
    .where("channelId", "=", cycle.channelId)
    .where("cycleId", "=", cycle.id)
    .orderBy("tpoint")
    .orderBy("zplane")
    .execute();
  const first = planes.filter(({ tpoint }) => tpoint === planes[0].tpoint);
  const plane = first[first.length >> 1]; // the middle of a stack is most in focus
  const found = await layerImages(experiment, { channelId: cycle.channelId, ...plane });
  const own = found.filter(({ cycleId }) => cycleId === cycle.id);
  const sites = new Map(map.sites.map((site) => [site.id, site]));
  const images = new Map<number, BatchImage>();
  for (const { siteId, path, imageIndex, plane: index, pixelMask } of own) {
    const site = sites.get(siteId);
    if (site === undefined) continue;
    const { height, width } = site;
    const place = { y: 0, x: 0, height, width, fraction: null, window: null };
    images.set(siteId, {
      site: names.get(siteId) ?? "",
      path,
      imageIndex,
      plane: index,
      pixelMask,
      ...place,
    });
  }
  const dtype = await layerType(own, `channel ${cycle.channel}, cycle ${cycle.cycleIndex}`);
  return { cycle, dtype, images };
}

async function wellSites({ query }: Experiment, placed: ReadonlySet<number>) {
  const rows = await query
    .selectFrom("sites")
    .innerJoin("wells", "wells.id", "sites.wellId")
    .innerJoin("plates", "plates.id", "wells.plateId")
    .select(["sites.id as id", "wellId", "wells.name as well", "plates.name as plate"])
    .orderBy("wellId")
    .orderBy("siteIndex")
    .execute();
  const wells = new Map<number, { wellId: number; name: string; siteIds: number[] }>();
  for (const { id, wellId, well, plate } of rows) {
    if (!placed.has(id)) continue;
    const known = wells.get(wellId) ?? { wellId, name: `plate ${plate} well ${well}`, siteIds: [] };
    wells.set(wellId, known);
    known.siteIds.push(id);
  }
  return [...wells.values()];
}
