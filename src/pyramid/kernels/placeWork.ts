import { VitrineError } from "../../core/index.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import type { TilesSize } from "./tileLayout.ts";
import type { PlacedSite } from "./tilesJob.ts";

/** Where a site goes, and which part of it. */
export interface PlaceWork {
  readonly place: PixelOffset;
  /** Default as the plan's size says. */
  readonly site?: PixelSize;
  /** In pixels of the site; default all of it. */
  readonly window?: PixelOffset & PixelSize;
}

/** Where which part of a site goes. @throws {VitrineError} range: no sites, no whole pixels, or more than the plan has room or a correction for */
export function checkPlace(
  { site: largest }: TilesSize,
  { place, site = largest, window }: PlaceWork,
): Omit<PlacedSite, "site"> {
  const { y, x } = place;
  const refuse = (expected: string, found: string) =>
    new VitrineError({ code: "range", at: "tiles place", expected, found });
  if (largest === undefined || site === undefined) throw refuse("a plan with sites", `[${y}, ${x}]`);
  if (!Number.isInteger(y) || !Number.isInteger(x)) throw refuse("whole pixels", `[${y}, ${x}]`);
  const { height, width } = site;
  const isCorrected = largest.correction !== undefined;
  const fits = isCorrected
    ? height === largest.height && width === largest.width
    : height * width <= largest.height * largest.width;
  if (!fits) {
    const most = `${largest.height} x ${largest.width} pixels`;
    throw refuse(isCorrected ? most : `at most ${most}`, `${height} x ${width}`);
  }
  const part = window ?? { y: 0, x: 0, height, width };
  if (!(part.y >= 0 && part.x >= 0 && part.y + part.height <= height && part.x + part.width <= width))
    throw refuse(`a window within ${height} x ${width} pixels`, JSON.stringify(part));
  return { siteHeight: height, siteWidth: width, window: part, y, x };
}

/** The sites in their order, in groups of which no two share a pixel of the block: those of a group may be placed at the same time. */
export function apart(sites: readonly PlacedSite[]): PlacedSite[][] {
  const groups: PlacedSite[][] = [];
  for (const site of sites) {
    const last = groups.at(-1);
    if (last?.every((other) => !overlap(site, other))) last.push(site);
    else groups.push([site]);
  }
  return groups;
}

function overlap(a: PlacedSite, b: PlacedSite): boolean {
  const rows = a.y < b.y + b.window.height && b.y < a.y + a.window.height;
  return rows && a.x < b.x + b.window.width && b.x < a.x + a.window.width;
}
