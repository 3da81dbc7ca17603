import type { Experiment } from "../../experiment/index.ts";
import { alignedWindow, type Residues, residuesOf } from "../geometry/alignment.ts";
import type { PixelOffset, PixelSize } from "../geometry/levels.ts";
import type { PlacedImage } from "../geometry/map.ts";

/** Shifts of sites' cycles against the reference cycle. */
export interface CycleShifts {
  /** Sites that have shifts. */
  readonly size: number;
  /** The part of a site's image that all its cycles show. */
  windowOf(site: PixelSize & { readonly siteId: number; readonly cycleId: number }): PixelOffset & PixelSize;
  /** A site's box on the map, cut to what all its cycles show. */
  alignedBox(site: PlacedImage): PlacedImage;
}

/** Reads the shifts that alignment has stored. @throws whatever a query throws */
export async function readCycleShifts({ query }: Experiment): Promise<CycleShifts> {
  const rows = await query.selectFrom("siteShifts").selectAll().execute();
  const sites = new Map<number, Map<number, PixelOffset>>();
  for (const { siteId, cycleId, y, x } of rows) {
    const shifts = sites.get(siteId) ?? new Map<number, PixelOffset>();
    sites.set(siteId, shifts.set(cycleId, { y, x }));
  }
  const residues = new Map<number, Residues>();
  for (const [id, shifts] of sites) residues.set(id, residuesOf([...shifts.values()]));
  const none: Residues = { top: 0, bottom: 0, left: 0, right: 0 };
  return {
    size: sites.size,
    windowOf({ siteId, cycleId, ...size }) {
      const shift = sites.get(siteId)?.get(cycleId) ?? { y: 0, x: 0 };
      return alignedWindow(size, shift, residues.get(siteId) ?? none);
    },
    alignedBox(site) {
      const { top, left } = residues.get(site.id) ?? none;
      const size = alignedWindow(site, { y: 0, x: 0 }, residues.get(site.id) ?? none);
      return { ...site, y: site.y + top, x: site.x + left, height: size.height, width: size.width };
    },
  };
}
