import type { Backend } from "../../compute/index.ts";
import { type Image, type Shape2, seededRandom, VitrineError, type Volume } from "../../core/index.ts";
import { requireKnownOptions } from "../../io/index.ts";
import { electronWavelengthA, lorentzFactor, type OpticsParameters } from "../../optics/index.ts";
import { poisson } from "./poisson.ts";
import { MapProjector, requireProjectable } from "./projectMap.ts";
import { VOLT_ANGSTROM2 } from "./simulateMapAtoms.ts";
import { addStamp, norm, type PlantedParticle, requireInside } from "./simulateMicrograph.ts";

/** What hides the particles. */
export type MicrographNoise =
  /** Electrons that arrive by chance, each pixel a Poisson count; the map is in volts. */
  | { readonly kind: "dose"; readonly dosePerA2: number }
  /** White noise of variance 1; particles have this z-score on average, see {@link SimulatedMicrograph}. */
  | { readonly kind: "white"; readonly zScore: number };

/** How a micrograph of a map is made. */
export interface MapMicrographOptions {
  readonly shape: Shape2;
  readonly optics: OpticsParameters;
  readonly noise: MicrographNoise;
  /** Of the noise. */
  readonly seed: number;
  readonly signal?: AbortSignal;
}

/** A micrograph and how well its particles can be seen. */
export interface SimulatedMicrograph {
  /** Electrons a pixel, or multiples of the noise. */
  readonly image: Image;
  /**
   * Mean over the particles of sqrt(sum of squared signal) over the noise: what the best of all filters would give. A search
   * gives less, since its angles are on a grid. 0 without particles.
   */
  readonly zScore: number;
}

/**
 * A micrograph of particles in vacuum: projections of a map, the microscope's CTF, and noise. What scatters more is dark.
 *
 * With a dose D the counts of a pixel are of a Poisson distribution with mean D pixelSize² (1 - 2 CTF * phase), the phase being
 * σ times the potential along the beam, σ = γ λ / 47.878 V Å² (6.53e-4 rad/(V Å) at 300 kV): a weak phase object, whose
 * amplitude contrast is that of the CTF. There is no solvent, which takes about half of a protein's contrast away.
 *
 * @param specimen  `map`: (n, n, n) zyx, voxelSizeA in Å: pixels are as large; volts where `noise` is a dose. `particles`:
 *   where, at which rotation (a point at x is seen at transpose(R) x), at which defocus
 * @returns         shape (height, width)
 * @throws {VitrineError} range: a box outside the micrograph, noise that is none, a map without voxel size, or with NaN or
 *   with nothing in it; shape: a map that is no cube; aborted
 * Source: Kirkland 2010, Advanced Computing in Electron Microscopy, eq. 5.6 (σ) and 3.9 (weak phase object).
 */
export async function simulateMicrographOfMap(
  backend: Backend,
  { map, particles }: { readonly map: Volume; readonly particles: readonly PlantedParticle[] },
  options: MapMicrographOptions,
): Promise<SimulatedMicrograph> {
  requireKnownOptions("simulateMicrographOfMap", options, {
    shape: true,
    optics: true,
    noise: true,
    seed: true,
    signal: true,
  });
  const { shape, noise, seed } = options;
  requireOptions(map, options);
  requireProjectable(map, "simulateMicrographOfMap().map");
  particles.forEach((particle, i) => {
    requireInside(particle, `particles[${i}]`, { shape, boxSize: map.shape[0] });
  });
  const { data, meanNorm } = await drawSignal(backend, { map, particles }, options);
  const random = seededRandom(seed);
  const { voxelSizeA } = map;
  if (noise.kind === "white") {
    const scale = noise.zScore / (meanNorm || 1);
    for (let i = 0; i < data.length; i++) data[i] = scale * data[i] + random.normal();
    return {
      image: { data, shape, pixelSizeA: voxelSizeA },
      zScore: particles.length > 0 ? noise.zScore : 0,
    };
  }
  const electrons = noise.dosePerA2 * voxelSizeA ** 2;
  const contrast = 2 * interactionPerVoltA(options.optics.voltageKv) * voxelSizeA;
  for (let i = 0; i < data.length; i++)
    data[i] = poisson(random, electrons * Math.max(0, 1 + contrast * data[i]));
  return {
    image: { data, shape, pixelSizeA: voxelSizeA },
    zScore: contrast * Math.sqrt(electrons) * meanNorm,
  };
}

/** σ in rad/(V Å). */
function interactionPerVoltA(voltageKv: number): number {
  return (lorentzFactor(voltageKv) * electronWavelengthA(voltageKv)) / VOLT_ANGSTROM2;
}

/** All particles without noise: minus the CTF on sums of voxels. */
async function drawSignal(
  backend: Backend,
  { map, particles }: { readonly map: Volume; readonly particles: readonly PlantedParticle[] },
  { shape, optics, signal }: MapMicrographOptions,
): Promise<{ data: Float32Array; meanNorm: number }> {
  const data = new Float32Array(shape[0] * shape[1]);
  const boxSize = map.shape[0];
  const size = stampSize(map, particles, { shape, optics });
  const toStamp = Math.floor(boxSize / 2) - size / 2;
  const projector = new MapProjector(backend, map, size);
  let sum = 0;
  try {
    for (const { relativeDefocusA, posX, posY, ...angles } of particles) {
      const [left, top] = [Math.floor(posX), Math.floor(posY)];
      const pose = { ...angles, shiftX: posX - left, shiftY: posY - top };
      const stamp = await projector.project(pose, { optics, relativeDefocusA }, signal && { signal });
      sum += norm(stamp);
      addStamp({ data, shape }, stamp, { size, scale: 1, top: top + toStamp, left: left + toStamp });
    }
  } finally {
    projector.dispose();
  }
  return { data, meanNorm: sum / (particles.length || 1) };
}

/** Side of a stamp: the CTF moves the highest frequency by λ defocus / (2 pixelSize), either way. */
function stampSize(
  { shape: [boxSize], voxelSizeA }: Volume,
  particles: readonly PlantedParticle[],
  { shape, optics }: Pick<MapMicrographOptions, "shape" | "optics">,
): number {
  const { defocusUA, defocusVA, voltageKv } = optics;
  const spread = particles.reduce(
    (most, { relativeDefocusA }) => Math.max(most, Math.abs(relativeDefocusA)),
    0,
  );
  const defocusA = Math.max(Math.abs(defocusUA), Math.abs(defocusVA)) + spread;
  const reach = Math.ceil((electronWavelengthA(voltageKv) * defocusA) / (2 * voxelSizeA ** 2));
  const wanted = Math.max(2 * boxSize, boxSize + 2 * reach);
  return Math.min(wanted + (wanted % 2), 2 * Math.max(...shape));
}

function requireOptions({ voxelSizeA }: Volume, { noise, optics }: MapMicrographOptions): void {
  const fault = (at: string, expected: string, found: string) =>
    new VitrineError({ code: "range", at: `simulateMicrographOfMap().${at}`, expected, found });
  if (!(voxelSizeA > 0)) throw fault("map.voxelSizeA", "Å above 0", String(voxelSizeA));
  const [name, amount] =
    noise.kind === "dose" ? ["noise.dosePerA2", noise.dosePerA2] : ["noise.zScore", noise.zScore];
  for (const axis of ["defocusUA", "defocusVA"] as const)
    if (!Number.isFinite(optics[axis]))
      throw fault(`optics.${axis}`, "a finite number", String(optics[axis]));
  if (!(amount > 0 && Number.isFinite(amount))) throw fault(name, "a number above 0", String(amount));
}
