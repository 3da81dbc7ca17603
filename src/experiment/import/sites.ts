/** Sites with their places, by the order of belief: the stage, row and column in names, a layout that the user gives. */

import type { SiteContent } from "../content.ts";
import { groupBy } from "./group.ts";
import type { NumberedPlane } from "./number.ts";
import { placeSites } from "./place.ts";

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
  const wells = groupBy(planes, ({ plate, well }) => `plate ${plate} well ${well}`);
  return [...wells].flatMap(([at, of]) => {
    const sites = [...groupBy(of, ({ site }) => site).values()].map(firstPlaced);
    sites.sort((a, b) => a.site - b.site);
    return placedSites(sites, at, options);
  });
}

/** The plane that stands for its site: one that has a place. */
function firstPlaced(planes: readonly NumberedPlane[]): Site {
  const said = ({ found, header }: NumberedPlane) => found.positionUm ?? header.positionUm;
  const plane = planes.find((one) => said(one) !== undefined) ?? planes[0];
  return { ...plane, positionUm: said(plane) };
}

function placedSites(sites: readonly Site[], at: string, options: SiteOptions): SiteContent[] {
  const { pixelSizeUm, warnings } = options;
  const plain = sites.map(plainSite);
  const stage = sites.flatMap(({ positionUm, header: { height, width } }) =>
    positionUm === undefined ? [] : [{ positionUm, height, width }],
  );
  const isOnStage = stage.length === sites.length && isSpread(stage.map(({ positionUm }) => positionUm));
  if (!isOnStage) return gridSites(sites, { at, plain, options, hasStage: stage.length > 0 });
  if (pixelSizeUm === undefined) {
    if (sites.length > 1)
      warnings.push(
        `${at}: stage positions, but no pixel size that would make them pixels: give --pixel-size`,
      );
    return plain;
  }
  const { positionsPx, grid, overlaps } = placeSites(stage, pixelSizeUm);
  if (overlaps > 0) warnings.push(`${at}: ${overlaps} pairs of sites overlap by their stage positions`);
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
    at,
    plain,
    options: { layout, warnings },
    hasStage,
  }: {
    readonly at: string;
    readonly plain: readonly SiteContent[];
    readonly options: SiteOptions;
    readonly hasStage: boolean;
  },
): SiteContent[] {
  const without: number[] = [];
  const placed = plain.map((site, i) => {
    const grid = sites[i].grid ?? (layout && gridOf(layout, site.siteIndex)) ?? aloneAt(sites);
    if (grid === undefined) without.push(site.siteIndex);
    return grid === undefined ? site : { ...site, grid: [...grid] as [number, number] };
  });
  if (hasStage && sites.length > 1)
    warnings.push(
      `${at}: stage positions of some sites alone, or one for several: they are kept, and place nothing`,
    );
  if (without.length > 0)
    warnings.push(
      `${at}: no position of the sites ${without.join(", ")}: give --layout ROWSxCOLUMNS, or a table`,
    );
  return placed;
}

function gridOf({ rows, columns, isSnake = false }: SiteLayout, site: number): [number, number] | undefined {
  if (site >= rows * columns) return undefined;
  const [row, column] = [Math.floor(site / columns), site % columns];
  return [row, isSnake && row % 2 === 1 ? columns - 1 - column : column];
}

function aloneAt(sites: readonly Site[]): readonly [number, number] | undefined {
  return sites.length === 1 ? [0, 0] : undefined;
}
