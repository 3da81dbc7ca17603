import type { StarTable } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { float64Text } from "./pythonText.ts";
import { MICROGRAPH_PIXEL_SIZES } from "./starColumns.ts";

/** What gives the text of a row. */
type Texts = (row: number) => string;

const A_PER_UM = 1e4;

/** Pixel sizes that a file of RELION tells, Å. */
export interface StarPixels {
  /** Of the micrographs, in which coordinates are. */
  readonly micrograph: Texts | undefined;
  /** Of the particles' images, in which RELION up to 3.0 tells origins; undefined where nothing says that they were scaled. */
  readonly image: Texts | undefined;
}

/** What to look at, and whom to tell of guesses. */
export interface StarPixelsOptions {
  readonly particles: StarTable;
  readonly at: string;
  /** Å, of the micrographs, in place of what the file says. */
  readonly pixelSizeA: number | undefined;
  readonly onLog: Log | undefined;
}

/**
 * The pixel sizes of a file: its micrographs', else those of its images or of movies before binning, with a word where particles or movies may have been
 * scaled in between.
 *
 * @param find  a column of the optics or of the particles
 */
export function starPixels(
  find: (name: string) => Texts | undefined,
  { particles, at, pixelSizeA, onLog }: StarPixelsOptions,
): StarPixels {
  const sizes = MICROGRAPH_PIXEL_SIZES.map(find);
  const [ofMicrograph, ofImage, ofMovie] = sizes;
  const old = sizes.some((size) => size !== undefined) ? undefined : oldPixelSizes(particles);
  const image = ofImage ?? old;
  if (pixelSizeA !== undefined) return { micrograph: () => float64Text(pixelSizeA), image };
  const areExtracted = particles.has("rlnImageName");
  if (ofMicrograph === undefined && image !== undefined && particles.rows > 0) {
    const other = ofMovie && firstRow(particles.rows, (row) => Number(image(row)) !== Number(ofMovie(row)));
    const name = old === undefined ? "rlnImagePixelSize" : "rlnDetectorPixelSize / rlnMagnification, Å,";
    const end = "--pixel-size says another, if particles were scaled down";
    if (ofMovie !== undefined && other !== undefined && other >= 0)
      onLog?.(
        `${at}: ${name} ${image(other)} is taken for the micrograph's, not rlnMicrographOriginalPixelSize ${ofMovie(other)}, the movie's before binning; ${end}`,
        "warning",
      );
    else if (ofMovie === undefined && areExtracted)
      onLog?.(
        `${at}: ${name} ${image(0)}, that of the extracted images, is taken for the micrographs'; ${end}`,
        "warning",
      );
  }
  return { micrograph: ofMicrograph ?? image ?? ofMovie, image };
}

/** The first row of which something holds; -1 for none. */
export function firstRow(rows: number, holds: (row: number) => boolean): number {
  for (let row = 0; row < rows; row++) if (holds(row)) return row;
  return -1;
}

/** RELION up to 3.0: the detector's pixels in µm and the magnification. */
function oldPixelSizes(particles: StarTable): Texts | undefined {
  if (!particles.has("rlnDetectorPixelSize") || !particles.has("rlnMagnification")) return undefined;
  const magnifications = particles.numbers("rlnMagnification");
  const sizes = particles.numbers("rlnDetectorPixelSize");
  // Twelve digits: the quotient's last ones are noise.
  return (row) => float64Text(Number(((sizes[row] * A_PER_UM) / magnifications[row]).toPrecision(12)));
}

/** How origins become pixels of micrographs. */
export interface OriginOptions {
  readonly at: string;
  /** Å a pixel of the micrographs, and of the particles' images; undefined where not known. */
  readonly sizes: Float64Array | undefined;
  readonly imageSizes: Float64Array | undefined;
  readonly onLog: Log | undefined;
}

/**
 * Shifts that RELION's refinement found, in pixels of the micrographs: of `rlnOriginXAngst` (3.1 on, which passes over the other where both
 * are there), else `rlnOriginX` in pixels of the particles' images. Undefined where there are none, or, with a word, where no pixel size is known.
 */
export function originsPx(
  particles: StarTable,
  axis: "x" | "y",
  { at, sizes, imageSizes, onLog }: OriginOptions,
): Float64Array | undefined {
  const name = `rlnOrigin${axis.toUpperCase()}`;
  if (particles.has(`${name}Angst`)) {
    const origins = particles.numbers(`${name}Angst`);
    if (sizes !== undefined) return origins.map((originA, i) => originA / sizes[i]);
    if (origins.some((origin) => origin !== 0))
      onLog?.(`${at}: ${name}Angst is left out, as no pixel size is known; --pixel-size gives it`, "warning");
    return undefined;
  }
  if (!particles.has(name)) return undefined;
  const origins = particles.numbers(name);
  if (sizes === undefined || imageSizes === undefined) return origins;
  return origins.map((origin, i) => (origin * imageSizes[i]) / sizes[i]);
}
