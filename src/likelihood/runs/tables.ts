import { formatCsv, makeFolder, writeFileAtomic } from "../../io/index.ts";
import type { TablePaths } from "../files.ts";
import type { ViewingAngles } from "../grid/viewingAngles.ts";
import { drawImages } from "../picture/gallery.ts";
import { drawPowerSpectrum } from "../picture/powerPicture.ts";

/** Rows of an image in the table of posteriors, and what they hold together. */
const [MOST_VIEWS, HELD] = [10, 0.99] as const;
/** Images in the picture, and pixels of a side of each. */
const [SHOWN, SIDE] = [16, 72] as const;

/** Posteriors of images over viewing directions, (images, templates); angles where they are known. */
export interface ViewPosteriors {
  readonly posteriors: Float64Array;
  readonly images: number;
  readonly angles: Pick<ViewingAngles, "azimuths" | "polars"> | undefined;
}

/** Writes the likeliest views of each image, until they hold 99 % or are ten, and maps of the posteriors over the sphere. @returns paths */
export async function writeViewPosteriors(paths: TablePaths, found: ViewPosteriors): Promise<string[]> {
  const columns = "image rank view azimuthDeg polarDeg posterior effectiveViews".split(" ");
  const rows = Array.from({ length: found.images }, (_, image) => viewRows(found, image)).flat();
  return writeTable(paths, formatCsv(columns, rows), drawViews(found));
}

function rowOf({ posteriors, images }: ViewPosteriors, image: number): Float64Array {
  const views = posteriors.length / images;
  return posteriors.subarray(image * views, (image + 1) * views);
}

function viewRows(found: ViewPosteriors, image: number) {
  const row = rowOf(found, image);
  const entropy = row.reduce((sum, p) => (p > 0 ? sum - p * Math.log(p) : sum), 0);
  const order = Array.from(row.keys()).sort((a, b) => row[b] - row[a]);
  const degrees = (radians: number | undefined) => (radians === undefined ? "" : (radians * 180) / Math.PI);
  const rows = [];
  let held = 0;
  for (let rank = 0; rank < Math.min(MOST_VIEWS, order.length) && held < HELD; rank++) {
    const view = order[rank];
    held += row[view];
    rows.push({
      ...{ image, rank: rank + 1, view, posterior: row[view], effectiveViews: Math.exp(entropy) },
      azimuthDeg: degrees(found.angles?.azimuths[view]),
      polarDeg: degrees(found.angles?.polars[view]),
    });
  }
  return rows;
}

/** Of each image the roots of posteriors, azimuth to the right and the cosine of the polar angle upwards; without angles, view by view. */
function drawViews(found: ViewPosteriors): Uint8Array {
  const count = Math.min(SHOWN, found.images);
  const nearest = nearestViews(found);
  const data = new Float32Array(count * SIDE * SIDE);
  for (let image = 0; image < count; image++) {
    const row = rowOf(found, image);
    nearest.forEach((view, pixel) => {
      data[image * SIDE * SIDE + pixel] = Math.sqrt(row[view]);
    });
  }
  const axes =
    found.angles === undefined
      ? "view by view"
      : "azimuth 0 to 360° to the right, cosine of the polar angle upwards";
  return drawImages(
    { shape: [count, SIDE, SIDE], data, pixelSizeA: [1, 1] },
    `posteriors over views, ${axes}`,
  );
}

/** The view of each pixel, (azimuth, cosine of the polar angle). */
function nearestViews({ posteriors, images, angles }: ViewPosteriors): Int32Array {
  const views = posteriors.length / images;
  return Int32Array.from({ length: SIDE * SIDE }, (_, pixel) => {
    if (angles === undefined) return Math.floor((pixel * views) / (SIDE * SIDE));
    const azimuth = (2 * Math.PI * (Math.floor(pixel / SIDE) + 0.5)) / SIDE;
    const z = (2 * ((pixel % SIDE) + 0.5)) / SIDE - 1;
    let [best, most] = [0, Number.NEGATIVE_INFINITY];
    for (let view = 0; view < views; view++) {
      const polar = angles.polars[view];
      const near =
        Math.sqrt(1 - z * z) * Math.sin(polar) * Math.cos(azimuth - angles.azimuths[view]) +
        z * Math.cos(polar);
      if (near > most) [best, most] = [view, near];
    }
    return best;
  });
}

/** Writes the power of noise that images were whitened with, [shells], and its curve. @returns paths */
export async function writeNoisePower(
  paths: TablePaths,
  { power, resolutionsA }: { readonly power: Float64Array; readonly resolutionsA: Float64Array },
): Promise<string[]> {
  const rows = Array.from(power, (value, shell) => ({
    shell,
    resolutionA: resolutionsA[shell],
    noisePower: value,
  }));
  const picture = drawPowerSpectrum(
    { power, resolutionsA },
    "power of the noise, as measured; geometric mean 1",
  );
  return writeTable(paths, formatCsv(["shell", "resolutionA", "noisePower"], rows), picture);
}

/** Writes a table and its picture over what is there. @returns paths */
export async function writeTable(
  { csv, png }: TablePaths,
  table: string,
  picture: Uint8Array,
): Promise<string[]> {
  await makeFolder(csv.slice(0, csv.lastIndexOf("/")));
  await writeFileAtomic(csv, new TextEncoder().encode(table), { overwrite: true });
  await writeFileAtomic(png, picture, { overwrite: true });
  return [csv, png];
}
