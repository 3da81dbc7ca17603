/** Sites with their places, by the order of belief: the stage, row and column in names, a layout that the user gives. */

import { counted } from "../../core/index.ts";
import type { SiteContent } from "../content.ts";
import { groupBy } from "./group.ts";
import { type WellNote, wellLines } from "./notes.ts";
import type { NumberedPlane } from "./number.ts";
import { placeSites } from "./place.ts";
import { type NumberedSite, wellOrigins } from "./wellOrigins.ts";

/** The order in which sites of a well were taken, where neither metadata nor names tell their places. */
export interface SiteLayout {
  readonly rows: number;
  readonly columns: number;
  /** Every second row was taken from right to left (default false). */
  readonly isSnake?: boolean;
}

/** What sites are placed with. */
export interface SiteOptions {
  readonly pixelSizeUm: number | undefined;
  readonly layout: SiteLayout | undefined;
  readonly warnings: string[];
}

type Site = NumberedPlane & { readonly positionUm: readonly [number, number] | undefined };

/** All sites of the planes. */
export function sitesOf(planes: readonly NumberedPlane[], options: SiteOptions): SiteContent[] {
  const notes: WellNote[] = [];
  const content = [...groupBy(planes, ({ plate }) => plate)].flatMap(([plate, ofPlate]) => {
    const wells = new Map(
      [...groupBy(ofPlate, ({ well }) => well)].map(([well, of]) => [well, sitesOfWell(of)]),
    );
    const around = { ...options, origins: originsOf(wells, options), isOneEach: isOneEach(wells) };
    return [...wells].flatMap(([well, sites]) => {
      const note = (what: string) => notes.push({ plate, well, what });
      return placedSites(sites, { ...around, note, origin: around.origins.get(well) });
    });
  });
  options.warnings.push(...wellLines(notes));
  return content;
}

function sitesOfWell(planes: readonly NumberedPlane[]): readonly Site[] {
  const sites = [...groupBy(planes, ({ site }) => site).values()].map(firstPlaced);
  return sites.sort((a, b) => a.site - b.site);
}

/** Whether every well has the one site of the same number: then nothing can lie beside it. */
function isOneEach(wells: ReadonlyMap<string, readonly Site[]>): boolean {
  return new Set([...wells.values()].flat().map(({ site }) => site)).size === 1;
}

function originsOf(wells: ReadonlyMap<string, readonly Site[]>, { pixelSizeUm }: SiteOptions) {
  const onStage = new Map([...wells].map(([well, sites]) => [well, stageSites(sites)]));
  for (const [well, sites] of onStage) if (sites.length === 0) onStage.delete(well);
  const isFromWell = [...wells.values()].flat().every(({ found }) => found.isFromWell);
  return pixelSizeUm === undefined
    ? new Map<string, never>()
    : wellOrigins(onStage, { pixelSizeUm, isFromWell });
}

function stageSites(sites: readonly Site[]): NumberedSite[] {
  return sites.flatMap(({ site, positionUm, header: { height, width } }) =>
    positionUm === undefined ? [] : [{ site, positionUm, height, width }],
  );
}

/** The plane that stands for its site: one that has a place. */
function firstPlaced(planes: readonly NumberedPlane[]): Site {
  const said = ({ found, header }: NumberedPlane) => found.positionUm ?? header.positionUm;
  const plane = planes.find((one) => said(one) !== undefined) ?? planes[0];
  return { ...plane, positionUm: said(plane) };
}

/** What is around a well. */
interface Around extends SiteOptions {
  readonly isOneEach: boolean;
  readonly origin: readonly [number, number] | undefined;
  readonly note: (what: string) => void;
}

function placedSites(sites: readonly Site[], around: Around): SiteContent[] {
  const { pixelSizeUm, note, origin } = around;
  const plain = sites.map(plainSite);
  const stage = stageSites(sites);
  const isOnStage = stage.length === sites.length && isSpread(stage.map(({ positionUm }) => positionUm));
  if (!isOnStage) return gridSites(sites, { plain, around, hasStage: stage.length > 0 });
  if (pixelSizeUm === undefined) {
    if (sites.length > 1)
      note("stage positions, but no pixel size that would make them pixels: give --pixel-size");
    return plain;
  }
  const { positionsPx, grid, overlaps } = placeSites(stage, pixelSizeUm, origin);
  if (overlaps > 0)
    note(
      `${counted(overlaps, "pair")} of sites ${overlaps === 1 ? "overlaps" : "overlap"} by their stage positions`,
    );
  return plain.map((site, i) => ({
    ...site,
    positionPx: [...positionsPx[i]] as [number, number],
    ...(grid !== undefined && { grid: [...grid[i]] as [number, number] }),
  }));
}

function plainSite({ plate, well, site, header, positionUm }: Site): SiteContent {
  return {
    ...{ plate, well, siteIndex: site, height: header.height, width: header.width },
    ...(positionUm !== undefined && { positionUm: [...positionUm] as [number, number] }),
  };
}

/** Several sites at one place are a stage that nobody asked. */
function isSpread(positions: readonly (readonly [number, number])[]): boolean {
  return new Set(positions.map(String)).size === positions.length;
}

function gridSites(
  sites: readonly Site[],
  {
    plain,
    around: { layout, note, isOneEach },
    hasStage,
  }: {
    readonly plain: readonly SiteContent[];
    readonly around: Around;
    readonly hasStage: boolean;
  },
): SiteContent[] {
  const without: number[] = [];
  const placed = plain.map((site, i) => {
    const grid =
      sites[i].grid ?? (layout && gridOf(layout, site.siteIndex)) ?? (isOneEach ? [0, 0] : undefined);
    if (grid === undefined) without.push(site.siteIndex);
    return grid === undefined ? site : { ...site, grid: [...grid] as [number, number] };
  });
  if (hasStage && sites.length > 1)
    note("stage positions of some sites alone, or one for several: they are kept, and place nothing");
  if (without.length > 0)
    note(`no position of the sites ${without.join(", ")}: give --layout ROWSxCOLUMNS, or a table`);
  return placed;
}

function gridOf({ rows, columns, isSnake = false }: SiteLayout, site: number): [number, number] | undefined {
  if (site >= rows * columns) return undefined;
  const [row, column] = [Math.floor(site / columns), site % columns];
  return [row, isSnake && row % 2 === 1 ? columns - 1 - column : column];
}
