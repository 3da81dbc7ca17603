/** Experiments with images whose pixels are known. */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  addContent,
  type ChannelContent,
  createExperiment,
  type Experiment,
  type ImageContent,
} from "../../src/experiment/index.ts";
import { type PixelArray, writeTiff } from "../../src/io/index.ts";

process.execArgv = []; // the tests' own, with which Node would take sources for built files, are not for jobs

/** A site of a well: its cell, or its pixels from the well's corner. */
export interface CaseSite {
  readonly cell?: readonly [row: number, column: number];
  readonly positionPx?: readonly [y: number, x: number];
  readonly height: number;
  readonly width: number;
}

/** What {@link makePlate} makes: images `P<plate>_<well>_<site>_<channel>_<t>_<z>.tif`, one of each. */
export interface PlateCase {
  readonly plates: readonly {
    readonly wells: readonly { readonly name: string; readonly sites: readonly CaseSite[] }[];
  }[];
  readonly channels?: readonly ChannelContent[];
  readonly tpoints?: number;
  readonly zplanes?: number;
  readonly spacing?: {
    readonly wellSpacerSize?: number;
    readonly verticalSiteDisplacement?: number;
    readonly horizontalSiteDisplacement?: number;
  };
  /** (height, width) of a site; undefined: it has no image. `site` counts from 0 over all plates. */
  readonly pixels: (of: CaseImage) => PixelArray | undefined;
}

/** One image of a case. */
export interface CaseImage {
  readonly site: number;
  readonly channel: string;
  readonly tpoint: number;
  readonly zplane: number;
  readonly height: number;
  readonly width: number;
}

/** Pixels that the golden mosaics were made of; their sites count from 1. */
export function mosaicPixels({
  site,
  height,
  width,
}: Pick<CaseImage, "site" | "height" | "width">): Uint8Array {
  const id = site + 1;
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return ((y * (id + 1) + x * 3 + 37 * id) % 251) + 4;
  });
}

/** Makes an experiment of a case in a folder, on SQLite or a server, which is empty or not there. Whoever calls it closes it. */
export async function makePlate(
  directory: string,
  of: PlateCase,
  where: { readonly databaseUrl?: string } = {},
): Promise<Experiment> {
  const { channels = [{ name: "DAPI", bitDepth: 8 }], tpoints = 1, zplanes = 1, spacing = {} } = of;
  mkdirSync(join(directory, "images"), { recursive: true });
  const experiment = await createExperiment(directory, { ...spacing, ...where });
  const images: ImageContent[] = [];
  const sites = [];
  let site = -1;
  for (const [p, { wells }] of of.plates.entries()) {
    for (const { name: well, sites: cells } of wells) {
      for (const [siteIndex, { cell, positionPx, height, width }] of cells.entries()) {
        site++;
        sites.push({
          ...{ plate: `P${p}`, well, siteIndex, height, width },
          ...(cell && { grid: [...cell] as [number, number] }),
          ...(positionPx && { positionPx: [...positionPx] as [number, number] }),
        });
        for (const { name: channel } of channels)
          for (let tpoint = 0; tpoint < tpoints; tpoint++)
            for (let zplane = 0; zplane < zplanes; zplane++) {
              const data = of.pixels({ site, channel, tpoint, zplane, height, width });
              if (data === undefined) continue;
              const path = `images/P${p}_${well}_${siteIndex}_${channel}_${tpoint}_${zplane}.tif`;
              await writeTiff(join(directory, path), { pages: [{ data, height, width, channels: 1 }] });
              images.push({ plate: `P${p}`, well, siteIndex, cycleIndex: 0, channel, tpoint, zplane, path });
            }
      }
    }
  }
  await addContent(experiment, {
    plates: of.plates.map(({ wells }, p) => ({
      ...{ name: `P${p}`, nRows: 16, nColumns: 24 },
      wells: wells.map(({ name }) => ({ name })),
    })),
    cycles: [{ cycleIndex: 0 }],
    channels: [...channels],
    sites,
    images,
  });
  return experiment;
}

/** Sites of a grid, row by row. */
export function gridSites(
  rows: number,
  columns: number,
  [height, width]: readonly [number, number],
): CaseSite[] {
  return Array.from({ length: rows * columns }, (_, i) => ({
    cell: [Math.floor(i / columns), i % columns] as const,
    height,
    width,
  }));
}

/** A folder that is removed by the returned function. */
export function scratchFolder(name: string): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), `vitrine-${name}-`));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
