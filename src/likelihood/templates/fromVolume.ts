import { firstNotFinite, VitrineError, type Volume } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { createFineGrid } from "../fourier/fineGrid.ts";
import { sinc } from "../grid/round.ts";
import { isDouble } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import { makeGridStack, sliceAngles } from "./gridSlices.ts";
import type { TemplateDescriptor, TemplateOptions } from "./makeStack.ts";

/** By how much, of itself, the box of a volume may differ from that of the images: voxel sizes are rounded in headers. */
const BOX_TOLERANCE = 1e-3;

/** How templates of a volume are made. */
export interface VolumeTemplateOptions extends TemplateOptions {
  /** Accuracy of the transform; default 1e-6 in single precision, 1e-12 in double. */
  readonly eps?: number;
}

/**
 * Templates of a map: slices of its transform,
 * T(q) = π / N · Σ ρ[x, y, z] exp(-2πi q·r), r = 2 (i - floor(N / 2)) / N, less T(0) sinc(2kx) sinc(2ky), which is the mean over the box.
 * They are not normalised (`normalizePolarImages`).
 *
 * @param volume  (x, y, z), a cube as large as the box of the images; `voxelSizeA` 0 is taken for that
 * @returns       [viewing angles, shells, inplanes] in the descriptor's precision
 * @throws {VitrineError} shape: not a cube, another number of values; range: another box, values that are no numbers; aborted
 *
 * Accuracy: 3e-8 of CryoLike's in double, whose angles are in single precision (templates.test.ts).
 * Source: CryoLike 0.0.1 (scaling, offset).
 */
export async function templatesFromVolume(
  volume: Volume,
  descriptor: TemplateDescriptor,
  options: VolumeTemplateOptions = {},
): Promise<PolarStack> {
  requireKnownOptions("templatesFromVolume", options, {
    eps: true,
    backend: true,
    signal: true,
    onProgress: true,
  });
  const side = checkVolume(volume, descriptor);
  const { polarGrid, precision } = descriptor;
  const grid = createFineGrid([side, side, side], {
    eps: options.eps ?? (isDouble(precision) ? 1e-12 : 1e-6),
    sign: -1,
  });
  const gain = Math.PI / side;
  let centre = 0;
  for (const value of volume.data) centre += value;
  return makeGridStack(descriptor, options, {
    ...{ grid, data: volume.data, scale: (4 * Math.PI) / side },
    gains: new Float64Array(polarGrid.nShells).fill(gain),
    offsets: boxOffset(polarGrid, sliceAngles(descriptor)).map((offset) => gain * centre * offset),
  });
}

/** What a constant over the box is on the first `inplanes` angles of every shell: sinc(2kx) sinc(2ky). */
export function boxOffset(
  { radii, thetas }: TemplateDescriptor["polarGrid"],
  inplanes: number,
): Float64Array {
  return Float64Array.from({ length: radii.length * inplanes }, (_, i) => {
    const [k, theta] = [radii[Math.floor(i / inplanes)], thetas[i % inplanes]];
    return sinc(2 * k * Math.cos(theta)) * sinc(2 * k * Math.sin(theta));
  });
}

function checkVolume({ data, shape, voxelSizeA }: Volume, { boxSizeA }: TemplateDescriptor): number {
  const [side] = shape;
  if (shape.some((length) => length !== side))
    throw wrong(
      "shape",
      "shape",
      "a cube",
      shape.join(" x "),
      "Pad it with zeros to a cube, its middle in the middle",
    );
  if (data.length !== side ** 3) throw wrong("shape", "data", `${side ** 3} values`, `${data.length}`);
  const bad = firstNotFinite(data);
  if (bad >= 0) throw wrong("range", `data[${bad}]`, "a number", `${data[bad]}`, "Mend the map first");
  if (boxSizeA[0] !== boxSizeA[1])
    throw wrong("range", "box", "square images, as large as a cube", `${boxSizeA[0]} x ${boxSizeA[1]} Å`);
  const box = side * voxelSizeA;
  if (voxelSizeA > 0 && Math.abs(box - boxSizeA[0]) > BOX_TOLERANCE * boxSizeA[0])
    throw wrong(
      "range",
      "box",
      `that of the images, ${round(boxSizeA[0])} Å`,
      `${round(box)} Å (${side} voxels of ${round(voxelSizeA)} Å)`,
      "Pad, cut or resample the map to the box of the images, make parameters for its box, or say its voxel size if the header is wrong (--voxel-size)",
    );
  if (data.every((value) => value === data[0]))
    throw wrong("range", "data", "values that are not all the same", `${data[0]} everywhere`);
  return side;
}

const round = (value: number) => Number(value.toPrecision(6));

function wrong(
  code: "shape" | "range",
  what: string,
  expected: string,
  found: string,
  hint?: string,
): VitrineError {
  return new VitrineError({
    code,
    at: `volume ${what}`,
    expected,
    found,
    ...(hint !== undefined && { hint }),
  });
}
