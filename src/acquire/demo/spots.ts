/** Pixels over which a Gaussian's deviation is drawn: levels halve the image until it lies between this and twice this. */
const SIGMA_PX = 3;

/** Deviations after which a Gaussian is cut; its edge is 0.2 % of its peak. */
const CUT = 3.5;

/** Half the width of a cubic edge that has the deviation 1: sqrt 5. */
const EDGE = Math.sqrt(5);

const TABLE_SIZE = 4096;

/** exp(-t^2 / 2) by t^2, from 0 to the cut. */
const GAUSSIAN = Float32Array.from({ length: TABLE_SIZE + 1 }, (_, i) =>
  Math.exp((-0.5 * CUT * CUT * (i + 0.5)) / TABLE_SIZE),
);

/** A Gaussian: place in µm from the origin of what it belongs to, its deviation in µm, its value at the middle where it is sharp. */
export interface Spot {
  readonly xUm: number;
  readonly yUm: number;
  readonly sigmaUm: number;
  readonly value: number;
}

/** Gaussians in a row. */
export interface Chain {
  /** Four numbers a Gaussian: those of {@link Spot} in its order. Objects would cost a cache miss each. */
  readonly spots: Float32Array;
  /** Between neighbours, µm; Infinity where they have nothing to do with each other. */
  readonly spacingUm: number;
}

/** Packs Gaussians, see {@link Chain}. */
export function chainOf(spots: readonly Spot[], spacingUm: number): Chain {
  const numbers = new Float32Array(4 * spots.length);
  for (const [i, { xUm, yUm, sigmaUm, value }] of spots.entries()) {
    numbers[4 * i] = xUm;
    numbers[4 * i + 1] = yUm;
    numbers[4 * i + 2] = sigmaUm;
    numbers[4 * i + 3] = value;
  }
  return { spots: numbers, spacingUm };
}

/** Where the origin of a thing to draw lies, and how far out of focus. */
export interface Placement {
  readonly xUm: number;
  readonly yUm: number;
  /** Deviation of a point's image. */
  readonly blurUm: number;
}

/** A soft-edged ellipse. */
export interface Disc {
  readonly xUm: number;
  readonly yUm: number;
  /** Half axes, µm. */
  readonly aUm: number;
  readonly bUm: number;
  /** Of the first half axis to x, radians. */
  readonly angle: number;
  readonly value: number;
}

/** Where an image lies in the specimen. */
export interface Window {
  /** Place of the middle of the first pixel, µm. */
  readonly leftUm: number;
  readonly topUm: number;
  readonly pixelSizeUm: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Rows and columns of a halved image around what the image shows, so that its border is interpolated like its middle. */
const MARGIN = 2;

interface Level {
  readonly data: Float32Array;
  readonly width: number;
  readonly height: number;
  readonly margin: number;
}

/**
 * Adds blurred Gaussians and discs to an image. Wide ones are drawn in halved images, which are enlarged at the end, so that
 * every one costs about the same however far out of focus it is. Sums of light are kept under any blur.
 */
export class Canvas {
  readonly #window: Window;
  readonly #levels: Level[] = [];
  readonly #row = new Float32Array(256);

  constructor(window: Window) {
    this.#window = window;
  }

  /** Adds a row of Gaussians; where they are blurred far beyond their spacing, one stands for several. */
  chain({ spots, spacingUm }: Chain, { xUm, yUm, blurUm }: Placement): void {
    const sigmaUm = Math.max(blurUm, 0.5 * this.#window.pixelSizeUm);
    const stride = Math.max(1, Math.floor((1.3 * sigmaUm) / spacingUm));
    const length = spots.length / 4;
    for (let first = 0; first < length; first += stride) {
      const count = Math.min(stride, length - first);
      const at = 4 * (first + (count >> 1));
      // no spread: engines copy properties one by one
      const x = xUm + spots[at];
      const y = yUm + spots[at + 1];
      this.#spot({ xUm: x, yUm: y, sigmaUm: spots[at + 2], value: spots[at + 3] }, blurUm, count);
    }
  }

  /** Adds a disc whose edge is `blurUm` soft; one that is blurred beyond its own size becomes a Gaussian. */
  disc(disc: Disc, placement: Placement): void {
    const { pixelSizeUm } = this.#window;
    const { value } = disc;
    const { blurUm } = placement;
    const xUm = placement.xUm + disc.xUm;
    const yUm = placement.yUm + disc.yUm;
    const radiusUm = Math.sqrt(disc.aUm * disc.bUm);
    const edgePx = Math.max(0.7, blurUm / pixelSizeUm);
    if (EDGE * edgePx * pixelSizeUm > radiusUm) {
      this.#spot({ xUm, yUm, sigmaUm: radiusUm / Math.SQRT2, value }, blurUm, 1);
      return;
    }
    const level = levelOf(edgePx);
    const [x, y] = this.#place(xUm, yUm, level);
    this.#drawDisc(this.#level(level), disc, {
      x,
      y,
      scale: pixelSizeUm * (1 << level),
      edge: (EDGE * edgePx) / (1 << level),
    });
  }

  /** Adds all that was drawn to `out`, (heightPx, widthPx). */
  addTo(out: Float32Array): void {
    for (let level = this.#levels.length - 1; level > 0; level--) {
      if (this.#levels[level] !== undefined) enlarge(this.#levels[level], this.#level(level - 1));
    }
    const finest = this.#levels[0];
    if (finest === undefined) return;
    for (let i = 0; i < out.length; i++) out[i] += finest.data[i];
  }

  /** Adds `count` Gaussians at one place. */
  #spot({ xUm, yUm, sigmaUm, value }: Spot, blurUm: number, count: number): void {
    const { pixelSizeUm } = this.#window;
    const sharp = (sigmaUm * sigmaUm) / (pixelSizeUm * pixelSizeUm);
    const blur = (blurUm * blurUm) / (pixelSizeUm * pixelSizeUm);
    // a pixel gathers light over its area, whose variance is 1/12; narrower Gaussians would fall between pixels
    const variance = Math.max(0.25, sharp + blur + 1 / 12);
    const sigma = Math.sqrt(variance);
    const level = levelOf(sigma);
    const [x, y] = this.#place(xUm, yUm, level);
    const peak = (count * value * sharp) / variance;
    this.#drawSpot(this.#level(level), { x, y, sigma: sigma / (1 << level), value: peak });
  }

  #place(xUm: number, yUm: number, level: number): [x: number, y: number] {
    const { leftUm, topUm, pixelSizeUm } = this.#window;
    const side = 1 << level;
    // pixel 0 of a halved image has its middle between pixels 0 and 1 of the finer one
    const shift = (side - 1) / 2;
    const margin = marginOf(level);
    const x = ((xUm - leftUm) / pixelSizeUm - shift) / side + margin;
    const y = ((yUm - topUm) / pixelSizeUm - shift) / side + margin;
    return [x, y];
  }

  #level(level: number): Level {
    const known = this.#levels[level];
    if (known !== undefined) return known;
    const margin = marginOf(level);
    const width = Math.ceil(this.#window.widthPx / (1 << level)) + 2 * margin;
    const height = Math.ceil(this.#window.heightPx / (1 << level)) + 2 * margin;
    const made = { data: new Float32Array(width * height), width, height, margin };
    this.#levels[level] = made;
    return made;
  }

  #drawSpot(
    { data, width, height }: Level,
    spot: { x: number; y: number; sigma: number; value: number },
  ): void {
    const { x, y, sigma, value } = spot;
    const reach = CUT * sigma;
    const left = Math.max(0, Math.ceil(x - reach));
    const right = Math.min(width - 1, Math.floor(x + reach));
    const top = Math.max(0, Math.ceil(y - reach));
    const bottom = Math.min(height - 1, Math.floor(y + reach));
    if (left > right || top > bottom) return;
    const row = this.#row;
    const scale = TABLE_SIZE / (reach * reach);
    for (let i = left; i <= right; i++) row[i - left] = GAUSSIAN[(scale * (i - x) * (i - x)) | 0];
    for (let j = top; j <= bottom; j++) {
      const factor = value * GAUSSIAN[(scale * (j - y) * (j - y)) | 0];
      const start = j * width;
      for (let i = left; i <= right; i++) data[start + i] += factor * row[i - left];
    }
  }

  /** `edge`: half the width of the soft edge. */
  #drawDisc(
    { data, width, height }: Level,
    disc: Disc,
    place: { x: number; y: number; scale: number; edge: number },
  ): void {
    const { x, y, scale, edge } = place;
    const a = disc.aUm / scale;
    const b = disc.bUm / scale;
    const radius = Math.sqrt(a * b);
    const reach = Math.max(a, b) * (1 + edge / radius);
    // the soft edge holds more light outside than it takes inside
    const value = disc.value / (1 + 0.2 * (edge / radius) ** 2);
    const cos = Math.cos(disc.angle);
    const sin = Math.sin(disc.angle);
    const bottom = Math.min(height - 1, Math.floor(y + reach));
    const right = Math.min(width - 1, Math.floor(x + reach));
    for (let j = Math.max(0, Math.ceil(y - reach)); j <= bottom; j++) {
      for (let i = Math.max(0, Math.ceil(x - reach)); i <= right; i++) {
        const u = (cos * (i - x) + sin * (j - y)) / a;
        const v = (cos * (j - y) - sin * (i - x)) / b;
        const inside = ((1 - Math.sqrt(u * u + v * v)) * radius) / (2 * edge) + 0.5;
        if (inside > 0) data[j * width + i] += value * smooth(inside);
      }
    }
  }
}

/** How often a deviation in pixels is halved until it lies below twice {@link SIGMA_PX}. */
function levelOf(sigmaPx: number): number {
  let level = 0;
  for (let sigma = sigmaPx; sigma >= 2 * SIGMA_PX; sigma /= 2) level++;
  return level;
}

function smooth(t: number): number {
  return t >= 1 ? 1 : t * t * (3 - 2 * t);
}

/** Adds an image, enlarged twice with linear interpolation, to the finer one. */
function enlarge(coarse: Level, fine: Level): void {
  const line = new Float32Array(coarse.width);
  for (let j = 0; j < fine.height; j++) {
    const [near, beside] = sourcesOf(j - fine.margin);
    for (let i = 0; i < coarse.width; i++)
      line[i] = 0.75 * coarse.data[near * coarse.width + i] + 0.25 * coarse.data[beside * coarse.width + i];
    addEnlargedRow(line, fine, j);
  }
}

function addEnlargedRow(line: Float32Array, fine: Level, j: number): void {
  const start = j * fine.width;
  for (let i = 0; i < fine.width; i++) {
    const at = i - fine.margin;
    const near = (at >> 1) + MARGIN;
    const beside = at % 2 === 0 ? near - 1 : near + 1;
    fine.data[start + i] += 0.75 * line[near] + 0.25 * line[beside];
  }
}

/** The two rows of the coarser image between which row `at` lies. */
function sourcesOf(at: number): [near: number, beside: number] {
  const near = (at >> 1) + MARGIN;
  return [near, at % 2 === 0 ? near - 1 : near + 1];
}

function marginOf(level: number): number {
  return level === 0 ? 0 : MARGIN;
}
