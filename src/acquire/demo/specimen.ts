/** The fluorescence channels and the bright field, as the presets of config group `Channel` are called. */
export const CHANNELS = ["DAPI", "FITC", "Rhodamine", "Cy5", "BF"] as const;

/** A preset of config group `Channel`. */
export type ChannelName = (typeof CHANNELS)[number];

/** Which part of a specimen to render. */
export interface RenderRequest {
  /** Stage position of the middle of the image, µm; columns go along x, rows along y. */
  readonly xUm: number;
  readonly yUm: number;
  /** Position of the focus drive, µm. */
  readonly zUm: number;
  readonly widthPx: number;
  readonly heightPx: number;
  /** In the specimen. */
  readonly pixelSizeUm: number;
  readonly channel: ChannelName;
  /** Time since the microscope was opened, ms. */
  readonly timeMs: number;
}

/** What lies under the objective. */
export interface Specimen {
  /**
   * Overwrites `out`, (heightPx, widthPx), with photoelectrons per ms in a pixel of the unbinned camera. The same place gives
   * the same values in whichever image it lies.
   */
  render(request: RenderRequest, out: Float32Array): void;
  /** Position of the focus drive at which this place is sharp, µm. */
  focusUm(xUm: number, yUm: number): number;
  /** Whether light fades this channel; default no. */
  fades?(channel: ChannelName): boolean;
}

/** A gently tilted and bent focal surface. */
export interface FocalSurface {
  /** Focus at the origin, µm. */
  readonly offsetUm: number;
  /** µm of focus per mm of stage, along x and y. */
  readonly tiltUmPerMm: readonly [x: number, y: number];
  /** Height of its waves, µm; they repeat every 8 mm. */
  readonly waveUm: number;
}

const WAVE_PERIOD_UM = 8000;

/** Position of the focus drive at which a place of the surface is sharp, µm. */
export function focusOf(surface: FocalSurface, xUm: number, yUm: number): number {
  const [tiltX, tiltY] = surface.tiltUmPerMm;
  const phase = (2 * Math.PI) / WAVE_PERIOD_UM;
  const wave = surface.waveUm * Math.sin(xUm * phase) * Math.sin(yUm * phase);
  return surface.offsetUm + (tiltX * xUm + tiltY * yUm) / 1000 + wave;
}

/** Standard deviation of a point's image, µm: the optics' own, growing with the distance from focus. */
export function blurUm(defocusUm: number): number {
  return Math.hypot(0.25, 0.35 * defocusUm);
}
