import { pixelBytes } from "../../core/index.ts";
import type { PixelArray } from "../../io/index.ts";
import { Bleaching, type DoseSnapshot, type LitField } from "./bleaching.ts";
import { createCells } from "./cells.ts";
import type { CameraSettings, FrameSettings } from "./exposureProgram.ts";
import { hashSeed } from "./hash.ts";
import type { DemoSettings, PlantedSpecimen } from "./options.ts";
import { createPlanted } from "./planted.ts";
import { readSensor } from "./sensor.ts";
import type { ChannelName, Specimen } from "./specimen.ts";
import { StampWriter } from "./stamp.ts";

/** What a scene is made of; survives structured clone unless the specimen is its caller's own. */
export interface SceneDescription {
  readonly seed: number;
  readonly bleachingMs: number;
  readonly focus: DemoSettings["focus"];
  readonly specimen: DemoSettings["specimen"] | PlantedSpecimen | Specimen;
}

/** What a colour camera sees of each channel: red, green, blue. */
const COLOURS: Readonly<Record<ChannelName, readonly number[]>> = {
  DAPI: [0.1, 0.25, 1],
  FITC: [0.1, 1, 0.2],
  Rhodamine: [1, 0.5, 0.05],
  Cy5: [1, 0.05, 0.25],
  BF: [1, 0.93, 0.96],
};

/** Specimen, light and sensor: makes the pixels of frames. The same frames in the same order give the same bytes. */
export class Scene {
  readonly specimen: Specimen;
  readonly #seed: number;
  readonly #bleaching: Bleaching;
  readonly #stamps = new Map<number, StampWriter>();
  #light = new Float32Array(0);

  constructor(description: SceneDescription) {
    this.specimen = openSpecimen(description);
    this.#seed = description.seed;
    this.#bleaching = new Bleaching(description.bleachingMs);
  }

  /** Overwrites `out` with a frame; the specimen is as it was before the exposure. */
  render(frame: FrameSettings, out: PixelArray): void {
    const { camera } = frame;
    if (camera.pattern === "Stamp") {
      const rowBytes = out.byteLength / camera.layout.height;
      this.#stampWriter(rowBytes).write(frame.frameNumber, pixelBytes(out));
      return;
    }
    const light = this.#expectedLight(frame);
    const seed = hashSeed(this.#seed, camera.order, frame.frameNumber);
    const grey = camera.layout.channels === 1 || frame.channel === undefined;
    const tint = grey ? new Array(camera.layout.channels).fill(1) : COLOURS[frame.channel ?? "BF"];
    readSensor(light, { ...camera.sensor, seed, tint }, out);
  }

  /** The light of a frame, whether or not the frame arrives, bleaches the place. */
  expose(frame: FrameSettings): void {
    const field = this.#fadingField(frame);
    if (field !== undefined) this.#bleaching.expose(field, frame.exposureMs);
  }

  snapshot(): DoseSnapshot {
    return this.#bleaching.snapshot();
  }

  restore(snapshot: DoseSnapshot): void {
    this.#bleaching.restore(snapshot);
  }

  #stampWriter(rowBytes: number): StampWriter {
    const known = this.#stamps.get(rowBytes);
    if (known !== undefined) return known;
    const writer = new StampWriter(rowBytes, this.#seed);
    this.#stamps.set(rowBytes, writer);
    return writer;
  }

  /** Photoelectrons of each pixel. */
  #expectedLight(frame: FrameSettings): Float32Array {
    const { camera, channel } = frame;
    const { width, height } = camera.layout;
    if (this.#light.length !== width * height) this.#light = new Float32Array(width * height);
    const light = this.#light;
    if (channel === undefined) return light.fill(0);
    const place = { ...middleOf(frame), zUm: frame.zUm, widthPx: width, heightPx: height };
    const pixelSizeUm = frame.pixelSizeUm * camera.binning;
    this.specimen.render({ ...place, pixelSizeUm, channel, timeMs: frame.timeMs }, light);
    const field = this.#fadingField(frame);
    if (field !== undefined) this.#bleaching.fade(field, { data: light, widthPx: width, heightPx: height });
    const factor = frame.exposureMs * camera.binning ** 2;
    for (let i = 0; i < light.length; i++) light[i] *= factor;
    if (frame.pattern !== undefined) modulate(light, camera, frame.pattern);
    return light;
  }

  #fadingField(frame: FrameSettings): LitField | undefined {
    const { channel, camera } = frame;
    if (camera.pattern === "Stamp" || channel === undefined) return undefined;
    if (this.specimen.fades?.(channel) !== true) return undefined;
    const pixelSizeUm = frame.pixelSizeUm * camera.binning;
    const { width, height } = camera.layout;
    return { ...middleOf(frame), channel, widthUm: width * pixelSizeUm, heightUm: height * pixelSizeUm };
  }
}

function openSpecimen({ specimen, seed, focus }: SceneDescription): Specimen {
  if ("render" in specimen) return specimen;
  if (specimen.kind === "planted") return createPlanted({ ...specimen, focus });
  return createCells({ seed, focus, cellsPerMm2: specimen.cellsPerMm2, plate: specimen.plate });
}

/** Stage position of the middle of a frame, whose region need not be in the middle of the chip. */
function middleOf({ xUm, yUm, pixelSizeUm, camera }: FrameSettings): { xUm: number; yUm: number } {
  const { roi, binning, chipWidth, chipHeight } = camera;
  const column = (roi.x + roi.width / 2) * binning - chipWidth / 2;
  const row = (roi.y + roi.height / 2) * binning - chipHeight / 2;
  return { xUm: xUm + column * pixelSizeUm, yUm: yUm + row * pixelSizeUm };
}

/** Multiplies light by the pattern of the light modulator, which covers the whole chip. */
function modulate(
  light: Float32Array,
  { roi, binning, chipWidth, chipHeight }: CameraSettings,
  pattern: NonNullable<FrameSettings["pattern"]>,
): void {
  const scaleX = (binning * pattern.widthPx) / chipWidth;
  const scaleY = (binning * pattern.heightPx) / chipHeight;
  for (let row = 0; row < roi.height; row++) {
    const line = Math.floor((roi.y + row + 0.5) * scaleY) * pattern.widthPx;
    for (let column = 0; column < roi.width; column++) {
      const value = pattern.data[line + Math.floor((roi.x + column + 0.5) * scaleX)];
      light[row * roi.width + column] *= value / 255;
    }
  }
}
