import { VitrineError } from "../../core/index.ts";
import { readText } from "../../io/index.ts";
import { columnsText, imageScale, type ReadTiltSeriesOptions } from "./common.ts";
import type { Tilt } from "./tilt.ts";
import { TiltSeries } from "./tiltSeries.ts";

/** Columns: SEC ROT GMAG TX TY SMEAN SFIT SCALE BASE TILT. */
const COLUMN = { section: 0, rot: 1, magnification: 2, tx: 3, ty: 4, tilt: 9 };
const COLUMNS = 10;

/**
 * A tilt series that AreTomo has aligned. Its images are in `imagePath`, by default the `.mrc` beside the .aln.
 *
 * @throws {VitrineError} format: no table of sections; missing, storage: the file
 */
export async function readAreTomoTiltSeries(
  path: string,
  options: ReadTiltSeriesOptions = {},
): Promise<TiltSeries> {
  const imagePath = options.imagePath ?? path.replace(/\.aln$/i, ".mrc");
  const text = await readText(path);
  const scale = await imageScale(imagePath, options.scale);
  return parseAreTomo(text, path, { ...options, imagePath, scale });
}

/** As {@link readAreTomoTiltSeries}, of a text. */
export function parseAreTomo(
  text: string,
  at: string,
  { scale, imagePath, onLog }: ReadTiltSeriesOptions & { readonly scale: number },
): TiltSeries {
  const [global, local] = text.split(/^#\s*Local Alignment.*$/im);
  if (local !== undefined && local.trim() !== "")
    onLog?.(`${at}: the alignment of patches is not taken into account`, "warning");
  const rows = columnsText(global.replace(/^#.*$/gm, ""), at, COLUMNS);
  if (rows.length === 0)
    throw new VitrineError({ code: "format", at, expected: "a line a tilt", found: "none" });
  const dark = darkFrames(global);
  const sections = imageIndices(
    rows.map((row) => row[COLUMN.section]),
    dark,
  );
  const images = /^#\s*RawSize\s*=\s*\d+\s+\d+\s+(\d+)/im.exec(global)?.[1];
  if (images !== undefined && Number(images) !== rows.length + dark.length)
    onLog?.(
      `${at}: RawSize says ${images} images, of which ${rows.length} have a line and ${dark.length} are dark: is the file whole? Its sections are taken for the images ${sections.join(", ")}, from 0`,
      "warning",
    );
  if (rows.some((row) => row[COLUMN.magnification] !== 1))
    onLog?.(`${at}: GMAG, a change of magnification, is not taken into account`, "warning");
  const tilts = rows.map((row, i): Tilt => {
    return {
      tiltDeg: row[COLUMN.tilt],
      xTiltDeg: 0,
      axisDeg: row[COLUMN.rot],
      shiftNm: [row[COLUMN.ty] * scale, row[COLUMN.tx] * scale],
      imageIndex: sections[i],
      ...(imagePath !== undefined && { imagePath }),
    };
  });
  return new TiltSeries({ tilts, detectorCentre: "middle", name: at, scale });
}

/** Images that AreTomo has left out, counted from 0. */
function darkFrames(text: string): readonly number[] {
  return [...text.matchAll(/^#\s*DarkFrame\s*=\s*(\d+)/gim)].map(([, index]) => Number(index));
}

/**
 * Which image a section is, from 0. Sections count from 1 in some versions and from 0 in others; and where one of the numbers is that of an
 * image that was left out, they count those that were kept.
 */
export function imageIndices(sections: readonly number[], dark: readonly number[]): readonly number[] {
  const base = sections.includes(0) ? 0 : 1;
  const places = sections.map((section) => section - base);
  if (!places.some((place) => dark.includes(place))) return places;
  const last = Math.max(...places) + dark.length;
  const kept = Array.from({ length: last + 1 }, (_, i) => i).filter((i) => !dark.includes(i));
  return places.map((place) => kept[place]);
}
