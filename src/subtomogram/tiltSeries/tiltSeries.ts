import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { Zyx } from "../molecules/quaternion.ts";
import { singleAxis, type TiltModel } from "../tilt/tilt.ts";
import { type DetectorCentre, type Tilt, type TiltDefocus, tiltMatrix } from "./tilt.ts";

/** What all images of a tilt series share. */
export interface TiltOptics {
  readonly voltageKv: number;
  readonly csMm: number;
  /** 0 to 1. */
  readonly amplitudeContrast: number;
}

/** What a tilt series is made of. */
export interface TiltSeriesParts {
  readonly tilts: readonly Tilt[];
  /** nm/pixel of the images; default what their file says. */
  readonly scale?: number;
  /** Where shifts count from; default `half`, as RELION. */
  readonly detectorCentre?: DetectorCentre;
  readonly optics?: TiltOptics;
  /** -1 (default): what lies deeper along the beam is less underfocused, RELION's rlnTomoHand; 1 the other way round. */
  readonly hand?: 1 | -1;
  /** Voxels (x, y, z) of the tomogram without binning, where a file says. */
  readonly tomogramSize?: readonly [number, number, number];
  /** Rows of the (z, y, x, 1) matrix from the tomogram to the specimen, nm; none: they are one. */
  readonly tomogramToSpecimen?: readonly number[];
  /** How messages call it. */
  readonly name?: string;
}

const KEYS: OptionKeys<TiltSeriesParts> = {
  tilts: true,
  scale: true,
  detectorCentre: true,
  optics: true,
  hand: true,
  tomogramSize: true,
  tomogramToSpecimen: true,
  name: true,
};

/** Where a place of the tomogram is in an image. */
export interface ProjectedPoint {
  /** nm from the image's centre. */
  readonly y: number;
  readonly x: number;
  /** nm along the beam, from the specimen's centre. */
  readonly depth: number;
}

/**
 * The geometry of a tilt series: each image with its angles, shift and defocus. A place p, nm (z, y, x) from the tomogram's centre, is seen
 * at q = S Rz(axis) Ry(tilt) Rx(xTilt) p + shift. Never changed: what selects tilts gives another.
 *
 * Source: RELION 5 (setProjectionMatrix), acryo 0.9.1, IMOD's and AreTomo's files by their readers.
 */
export class TiltSeries {
  readonly tilts: readonly Tilt[];
  readonly scale: number | undefined;
  readonly detectorCentre: DetectorCentre;
  readonly optics: TiltOptics | undefined;
  readonly hand: 1 | -1;
  readonly tomogramSize: readonly [number, number, number] | undefined;
  readonly tomogramToSpecimen: readonly number[] | undefined;
  readonly name: string;

  /** @throws {VitrineError} missing: no tilts; range: a number that is not finite, a pixel size not above 0 */
  constructor(parts: TiltSeriesParts) {
    requireKnownOptions("TiltSeries", parts, KEYS);
    const { tilts, scale, detectorCentre = "half", hand = -1, name = "tilt series" } = parts;
    if (tilts.length === 0)
      throw new VitrineError({ code: "missing", at: name, expected: "at least one tilt", found: "none" });
    tilts.forEach((tilt, i) => {
      checkTilt(tilt, `${name} tilt ${i}`);
    });
    if (scale !== undefined && !(Number.isFinite(scale) && scale > 0))
      throw wrong(`${name} scale`, "a pixel size above 0, nm", scale);
    this.tilts = tilts;
    this.scale = scale;
    this.detectorCentre = detectorCentre;
    this.optics = parts.optics;
    this.hand = hand;
    this.tomogramSize = parts.tomogramSize;
    this.tomogramToSpecimen = parts.tomogramToSpecimen;
    this.name = name;
  }

  /** Number of tilts. */
  get count(): number {
    return this.tilts.length;
  }

  /** With something else in its place. */
  replace(changes: Partial<TiltSeriesParts>): TiltSeries {
    requireKnownOptions("TiltSeries.replace", changes, KEYS);
    return new TiltSeries({ ...this.#parts(), ...changes });
  }

  /** Some of the tilts, by their places in {@link tilts}. @throws {VitrineError} range: no such tilt */
  selectTilts(indices: readonly number[]): TiltSeries {
    const tilts = indices.map((index) => {
      const tilt = this.tilts[index];
      if (tilt === undefined) throw wrong(`${this.name} tilt`, `0 to ${this.count - 1}`, index);
      return tilt;
    });
    return this.replace({ tilts });
  }

  /** All tilts but these. @throws {VitrineError} range: no such tilt; missing: none is left */
  excludeTilts(indices: readonly number[]): TiltSeries {
    this.selectTilts(indices);
    return this.replace({ tilts: this.tilts.filter((_, i) => !indices.includes(i)) });
  }

  /**
   * Where places are seen in every image, acryo's `project_points` and `point_depths`.
   *
   * @param places  nm (z, y, x) from the tomogram's centre
   * @returns       for each place a point a tilt
   */
  project(places: readonly Zyx[]): readonly (readonly ProjectedPoint[])[] {
    const seen = this.tilts.map((tilt) => ({ matrix: this.matrixOf(tilt), shift: this.#shiftOf(tilt) }));
    return places.map(([z, y, x]) =>
      seen.map(({ matrix: m, shift }) => {
        const row = (k: number) => m[k] * z + m[k + 1] * y + m[k + 2] * x;
        return { depth: row(0), y: row(3) + shift[0], x: row(6) + shift[1] };
      }),
    );
  }

  /**
   * Defocus of a place in every image: that of the image changed by the depth, underfocus growing by hand times the depth.
   *
   * @param place  nm (z, y, x) from the tomogram's centre
   * @throws {VitrineError} missing: a tilt without defocus
   */
  defocusAt(place: Zyx): readonly TiltDefocus[] {
    const [points] = this.project([place]);
    return this.tilts.map(({ defocus }, i) => {
      if (defocus === undefined)
        throw new VitrineError({
          code: "missing",
          at: `${this.name} tilt ${i}`,
          expected: "a defocus",
          found: "none",
        });
      const change = (-this.hand * points[i].depth) / 1000;
      return { uUm: defocus.uUm + change, vUm: defocus.vUm + change, angleDeg: defocus.angleDeg };
    });
  }

  /** Whether every image has a defocus and the optics are known. */
  get hasCtf(): boolean {
    return this.optics !== undefined && this.tilts.every(({ defocus }) => defocus !== undefined);
  }

  /** The missing wedge: about y from the lowest to the highest angle. @throws {VitrineError} range: all tilts are at one angle */
  tiltModel(): TiltModel {
    const angles = this.tilts.map(({ tiltDeg }) => tiltDeg);
    return singleAxis([Math.min(...angles), Math.max(...angles)]);
  }

  /** Rows (z, y, x) of the matrix from the tomogram's places to the microscope's: depth, then the image's y and x. */
  matrixOf(tilt: Tilt): readonly number[] {
    const m = tiltMatrix(tilt);
    const inner = this.tomogramToSpecimen;
    if (inner === undefined) return m;
    return [0, 3, 6].flatMap((row) =>
      [0, 1, 2].map((k) => m[row] * inner[k] + m[row + 1] * inner[4 + k] + m[row + 2] * inner[8 + k]),
    );
  }

  #shiftOf(tilt: Tilt): readonly [number, number] {
    const inner = this.tomogramToSpecimen;
    if (inner === undefined) return tilt.shiftNm;
    const m = tiltMatrix(tilt);
    const moved = (row: number) => m[row] * inner[3] + m[row + 1] * inner[7] + m[row + 2] * inner[11];
    return [tilt.shiftNm[0] + moved(3), tilt.shiftNm[1] + moved(6)];
  }

  #parts(): TiltSeriesParts {
    const { tilts, scale, detectorCentre, optics, hand, tomogramSize, tomogramToSpecimen, name } = this;
    return {
      ...{ tilts, detectorCentre, hand, name },
      ...(scale !== undefined && { scale }),
      ...(optics !== undefined && { optics }),
      ...(tomogramSize !== undefined && { tomogramSize }),
      ...(tomogramToSpecimen !== undefined && { tomogramToSpecimen }),
    };
  }

  /** As `TiltSeries(41 tilts from -60 to 60 degrees)`. */
  toString(): string {
    const angles = this.tilts.map(({ tiltDeg }) => tiltDeg);
    const range = [Math.min(...angles), Math.max(...angles)].map((angle) => Number(angle.toFixed(1)));
    return `TiltSeries(${this.count} tilts from ${range[0]} to ${range[1]} degrees)`;
  }
}

function checkTilt(tilt: Tilt, at: string): void {
  const { tiltDeg, xTiltDeg, axisDeg, shiftNm, stretch = [], defocus, preExposurePerA2 = 0 } = tilt;
  const numbers = [tiltDeg, xTiltDeg, axisDeg, ...shiftNm, ...stretch, preExposurePerA2];
  const all = defocus === undefined ? numbers : [...numbers, ...Object.values(defocus).map(Number)];
  const bad = all.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw wrong(at, "finite numbers", bad);
  if (!(Number.isInteger(tilt.imageIndex) && tilt.imageIndex >= 0))
    throw wrong(`${at} image`, "a number of an image from 0", tilt.imageIndex);
}

function wrong(at: string, expected: string, found: number): VitrineError {
  return new VitrineError({ code: "range", at, expected, found: `${found}` });
}
