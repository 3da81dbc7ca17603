import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { type PixelOffset, type PyramidLevel, pyramidLevels } from "../geometry/levels.ts";
import { type PlateMap, placePlates, type SiteCell, type WellSites } from "../geometry/map.ts";

/** Where all plates, wells and sites of an experiment lie, and the levels of every layer on that map. */
export interface ExperimentMap {
  readonly map: PlateMap;
  readonly levels: readonly PyramidLevel[];
  /** How messages call the sites that are placed, by id. */
  readonly names: ReadonlyMap<number, string>;
  /** By how much sites lie further down and to the right than their whole pixels, -0.5 to 0.5; those that do not are not in it. */
  readonly fractions: ReadonlyMap<number, PixelOffset>;
  /** Sites that nothing tells the place of: they are on no layer. */
  readonly unplaced: readonly string[];
}

/**
 * Places everything that an experiment knows: sites by their pixels where they are known, else by their cell of the well's grid. Sites
 * that are marked as omitted are left out.
 *
 * @throws {VitrineError} missing: no site that has a place; range: one that lies outside its well; whatever a query throws
 */
export async function readExperimentMap(experiment: Experiment): Promise<ExperimentMap> {
  const { query } = experiment;
  const settings = await experiment.settings();
  const plates = await query.selectFrom("plates").select(["id", "name"]).orderBy("id").execute();
  const wells = await query.selectFrom("wells").select(["id", "name", "plateId"]).orderBy("id").execute();
  const rows = await query.selectFrom("sites").selectAll().where("omitted", "=", 0).orderBy("id").execute();
  const nameOf = siteNames(plates, wells);
  const names = new Map<number, string>();
  const unplaced: string[] = [];
  const fractions = new Map<number, PixelOffset>();
  const sites = new Map<number, SiteCell[]>();
  for (const row of rows) {
    const cell = cellOf(row);
    if (cell === undefined) unplaced.push(nameOf(row));
    else {
      names.set(row.id, nameOf(row));
      const fraction = fractionOf(row);
      if (fraction !== undefined) fractions.set(row.id, fraction);
      const ofWell = sites.get(row.wellId);
      if (ofWell === undefined) sites.set(row.wellId, [cell]);
      else ofWell.push(cell);
    }
  }
  if (sites.size === 0) throw nowhere(experiment.directory, unplaced.length);
  const sitesOf = (well: number) => sites.get(well) ?? [];
  const map = placePlates(
    plates.map(({ id }) => ({
      id,
      wells: wells
        .filter(({ plateId }) => plateId === id)
        .map((well): WellSites => ({ id: well.id, name: well.name, sites: sitesOf(well.id) })),
    })),
    {
      wellSpacer: settings.wellSpacerSize,
      verticalSiteDisplacement: settings.verticalSiteDisplacement,
      horizontalSiteDisplacement: settings.horizontalSiteDisplacement,
    },
  );
  return { map, levels: pyramidLevels(map), names, fractions, unplaced };
}

function nowhere(at: string, unplaced: number): VitrineError {
  return new VitrineError({
    code: "missing",
    at,
    expected: "sites with a place on the map",
    found: unplaced === 0 ? "no sites" : `${unplaced} without one`,
    hint:
      unplaced === 0
        ? "Import images first: vitrine import EXPERIMENT FOLDER"
        : "Import their images once more, with --overwrite and --layout or their positions",
  });
}

interface SiteRow {
  readonly id: number;
  readonly wellId: number;
  readonly siteIndex: number;
  readonly gridRow: number | null;
  readonly gridColumn: number | null;
  readonly yPx: number | null;
  readonly xPx: number | null;
  readonly height: number;
  readonly width: number;
}

function cellOf({ id, gridRow, gridColumn, yPx, xPx, height, width }: SiteRow): SiteCell | undefined {
  const common = { id, y: gridRow ?? 0, x: gridColumn ?? 0, height, width };
  if (yPx !== null && xPx !== null) return { ...common, offset: { y: Math.round(yPx), x: Math.round(xPx) } };
  return gridRow === null || gridColumn === null ? undefined : common;
}

/** What rounding a site's place leaves. */
function fractionOf({ yPx, xPx }: SiteRow): PixelOffset | undefined {
  if (yPx === null || xPx === null) return undefined;
  const [y, x] = [yPx - Math.round(yPx), xPx - Math.round(xPx)];
  return y === 0 && x === 0 ? undefined : { y, x };
}

function siteNames(
  plates: readonly { readonly id: number; readonly name: string }[],
  wells: readonly { readonly id: number; readonly name: string; readonly plateId: number }[],
): (site: Pick<SiteRow, "wellId" | "siteIndex">) => string {
  const plateNames = new Map(plates.map(({ id, name }) => [id, name]));
  const wellNames = new Map(
    wells.map(({ id, name, plateId }) => [id, `plate ${plateNames.get(plateId)} well ${name}`]),
  );
  return ({ wellId, siteIndex }) => `${wellNames.get(wellId)} site ${siteIndex}`;
}
