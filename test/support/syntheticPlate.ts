import { seededRandom } from "../../src/core/index.ts";

/** What a plate is made with; lengths in pixels, intensities in camera counts. */
export interface SyntheticPlateOptions {
  readonly rows: number;
  readonly columns: number;
  readonly height: number;
  readonly width: number;
  /** Pixels that neighbours share by the nominal step. Default a tenth of the width. */
  readonly overlapPx?: number;
  /** Cells on 10,000 pixels. Default 3. */
  readonly density?: number;
  /** Largest error of the stage, uniform in y and x. Default 3. */
  readonly stageErrorPx?: number;
  /** By how much sites lie further to the right where the stage came from the right (rows are scanned to and fro). Default 0. */
  readonly backlashPx?: number;
  /** By how much the camera is turned against the stage. Default 0. */
  readonly cameraAngleDeg?: number;
  /** Sites without any cell, by their number. */
  readonly blank?: readonly number[];
  /** Standard deviation of the camera's noise. Default 3. */
  readonly noise?: number;
  /** What the camera shows without light. Default 100. */
  readonly offset?: number;
  /** Light between cells, above the offset. Default 100. */
  readonly background?: number;
  /** Height of the brightest cells. Default 400. */
  readonly brightness?: number;
  /** Light is cos-shaped: 1 in the middle, 1 - falloff in the corners. Default 0. */
  readonly falloff?: number;
  /** Standard deviation of a pattern that all images of the camera share. Default 0. */
  readonly pattern?: number;
  /** Sigma of the sharpest detail. Default 1.5. */
  readonly blurPx?: number;
  readonly seed?: number;
}

/** A place in pixels, with its fraction. */
export interface PlatePlace {
  readonly y: number;
  readonly x: number;
}

/** A mosaic of one well whose true positions are known. */
export interface SyntheticPlate {
  readonly height: number;
  readonly width: number;
  /** Where the stage says the sites are, row by row, each second row from the right. */
  readonly nominal: readonly PlatePlace[];
  /** Where they are. */
  readonly true: readonly PlatePlace[];
  /** (height, width) what multiplies light, mean 1. */
  readonly flat: Float32Array;
  /** Image of a site, (height, width). `shift` moves what it shows by so much (another cycle). */
  image(site: number, options?: { readonly shift?: PlatePlace; readonly cycle?: number }): Uint16Array;
}

/** A round spot of light. */
interface Spot extends PlatePlace {
  readonly sigma: number;
  readonly height: number;
}

/** A field of cells larger than all sites, photographed site by site at true positions that are fractions of pixels. */
export function syntheticPlate(options: SyntheticPlateOptions): SyntheticPlate {
  const { rows, columns, height, width, seed = 1, overlapPx = Math.round(width / 10), blank = [] } = options;
  const random = seededRandom(seed);
  const nominal = scanOf({ rows, columns, stepY: height - overlapPx, stepX: width - overlapPx });
  // A row begins where the last one ended: its first site is come to from the same side.
  const fromRight = (i: number) => Math.floor((i - (i % columns === 0 ? 1 : 0)) / columns) % 2 === 1;
  const places = nominal.map((place, i) => planted(place, fromRight(i), { options, random }));
  const margin = 64;
  const reach = {
    y: Math.max(...places.map(({ y }) => y)) + height,
    x: Math.max(...places.map(({ x }) => x)) + width,
  };
  const from = { y: Math.min(...places.map(({ y }) => y)), x: Math.min(...places.map(({ x }) => x)) };
  const area = (reach.y - from.y + 2 * margin) * (reach.x - from.x + 2 * margin);
  const cells = Math.round((area / 1e4) * (options.density ?? 3));
  const spots = Array.from({ length: cells }, () => {
    const y = from.y - margin + random.uniform() * (reach.y - from.y + 2 * margin);
    const x = from.x - margin + random.uniform() * (reach.x - from.x + 2 * margin);
    return cellAt({ y, x }, options, random);
  }).flat();
  const flat = flatOf(options);
  const pattern = normals(height * width, seed + 1).map((value) => (options.pattern ?? 0) * value);
  const at = { height, width, flat, pattern, options };
  return {
    height,
    width,
    nominal,
    true: places,
    flat,
    image: (site, { shift = { y: 0, x: 0 }, cycle = 0 } = {}) => {
      const place = { y: places[site].y - shift.y, x: places[site].x - shift.x };
      const seen = blank.includes(site) ? [] : spots;
      return photograph(seen, place, { ...at, noise: seededRandom(seed * 7919 + 104_729 * cycle + site) });
    },
  };
}

/** Row by row to and fro, as stages scan. */
function scanOf(scan: { rows: number; columns: number; stepY: number; stepX: number }): PlatePlace[] {
  return Array.from({ length: scan.rows * scan.columns }, (_, i) => {
    const row = Math.floor(i / scan.columns);
    const column = row % 2 === 0 ? i % scan.columns : scan.columns - 1 - (i % scan.columns);
    return { y: row * scan.stepY, x: column * scan.stepX };
  });
}

function planted(
  { y, x }: PlatePlace,
  fromRight: boolean,
  { options, random }: { options: SyntheticPlateOptions; random: ReturnType<typeof seededRandom> },
): PlatePlace {
  const { stageErrorPx = 3, backlashPx = 0, cameraAngleDeg = 0 } = options;
  const [sin, cos] = [Math.sin((cameraAngleDeg * Math.PI) / 180), Math.cos((cameraAngleDeg * Math.PI) / 180)];
  const error = () => stageErrorPx * (2 * random.uniform() - 1);
  return {
    y: cos * y + sin * x + error(),
    x: cos * x - sin * y + error() + (fromRight ? backlashPx : 0),
  };
}

/** A nucleus and what is in it. */
function cellAt(
  place: PlatePlace,
  options: SyntheticPlateOptions,
  random: ReturnType<typeof seededRandom>,
): Spot[] {
  const { brightness = 400, blurPx = 1.5 } = options;
  const height = brightness * (0.3 + 0.7 * random.uniform());
  const sigma = 4 + 3 * random.uniform();
  const grains = Array.from({ length: 4 }, () => ({
    y: place.y + sigma * random.normal(),
    x: place.x + sigma * random.normal(),
    sigma: blurPx * (1 + 0.5 * random.uniform()),
    height: height * (0.2 + 0.3 * random.uniform()),
  }));
  return [{ ...place, sigma, height }, ...grains];
}

function flatOf({ height, width, falloff = 0 }: SyntheticPlateOptions): Float32Array {
  const light = new Float32Array(height * width);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [v, u] = [(2 * y) / (height - 1) - 1, (2 * x) / (width - 1) - 1];
      // Its middle is not the image's.
      light[y * width + x] = 1 - falloff * Math.min(1, 0.45 * ((v - 0.1) ** 2 + (u + 0.1) ** 2));
    }
  }
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  return light.map((value) => value / mean);
}

interface Camera {
  readonly height: number;
  readonly width: number;
  readonly flat: Float32Array;
  readonly pattern: Float32Array;
  readonly options: SyntheticPlateOptions;
  readonly noise: ReturnType<typeof seededRandom>;
}

function photograph(spots: readonly Spot[], place: PlatePlace, camera: Camera): Uint16Array {
  const { height, width, flat, pattern, options, noise } = camera;
  const { background = 100, offset = 100, noise: deviation = 3 } = options;
  const light = new Float32Array(height * width).fill(background);
  for (const spot of spots) addSpot(light, width, { ...spot, y: spot.y - place.y, x: spot.x - place.x });
  const image = new Uint16Array(height * width);
  for (let i = 0; i < image.length; ) {
    // A row of noise from anywhere in a long one: drawing every value takes longer than all else.
    const from = Math.floor(noise.uniform() * (NOISE.length - width));
    for (let x = 0; x < width; x++, i++) {
      const value = light[i] * flat[i] + offset + pattern[i] + deviation * NOISE[from + x];
      image[i] = Math.min(65_535, Math.max(0, Math.round(value)));
    }
  }
  return image;
}

const NOISE = normals(1 << 18, 99);

function normals(length: number, seed: number): Float32Array {
  const { normal } = seededRandom(seed);
  const values = new Float32Array(length);
  for (let i = 0; i < length; i++) values[i] = normal();
  return values;
}

function addSpot(light: Float32Array, width: number, { y, x, sigma, height }: Spot): void {
  const lines = light.length / width;
  const reach = 4 * sigma;
  if (y < -reach || x < -reach || y > lines + reach || x > width + reach) return;
  const rows = bell(y, sigma, lines);
  const columns = bell(x, sigma, width);
  rows.values.forEach((down, i) => {
    const at = (rows.from + i) * width + columns.from;
    for (let j = 0; j < columns.values.length; j++) light[at + j] += height * down * columns.values[j];
  });
}

function bell(centre: number, sigma: number, length: number): { from: number; values: Float64Array } {
  const from = Math.max(0, Math.ceil(centre - 4 * sigma));
  const count = Math.max(0, Math.min(length - 1, Math.floor(centre + 4 * sigma)) - from + 1);
  return {
    from,
    values: Float64Array.from({ length: count }, (_, i) =>
      Math.exp(-0.5 * ((from + i - centre) / sigma) ** 2),
    ),
  };
}
