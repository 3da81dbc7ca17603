import { seededRandom } from "../../src/core/index.ts";
import {
  type ImageSide,
  polarCtf,
  type TemplateSide,
  translationKernel,
} from "../../src/likelihood/index.ts";

/** How images are simulated: `noise` is the norm of the noise over that of the image. */
export interface SimulatedImages {
  readonly count: number;
  readonly noise: number;
  readonly seed: number;
  /** Å, largest displacement along each axis; default 2. */
  readonly mostA?: number;
}

/** Images of random templates, displaced, turned, behind CTFs of their own and with noise, norm 1. */
export function simulatePolarImages(
  { templates, grid, boxSizeA }: Omit<TemplateSide, "displacements">,
  { count, noise, seed, mostA = 2 }: SimulatedImages,
): ImageSide {
  const { uniform, normal } = seededRandom(seed);
  const { nShells, nInplanes, integrationWeights } = grid;
  const plane = nShells * nInplanes;
  const list = (value: () => number) => Float64Array.from({ length: count }, value);
  const defocus = list(() => 10_000 + 10_000 * uniform());
  const lens = {
    ...{ defocusUA: defocus, defocusVA: defocus.map((value) => value - 200), defocusAngleRad: list(uniform) },
    ...{ phaseShiftRad: list(() => 0), csMm: 2.7, voltageKv: 300, amplitudeContrast: 0.1 },
  };
  const ctf = polarCtf(lens, { grid, boxSizeA: boxSizeA[0] });
  const data = new Float32Array(2 * plane * count);
  for (let m = 0; m < count; m++) {
    const template = Math.floor(templates.shape[0] * uniform());
    const turn = Math.floor(nInplanes * uniform());
    const shift = () => [mostA * (2 * uniform() - 1)];
    const kernel = translationKernel(grid, { x: shift(), y: shift() }, boxSizeA);
    const image = new Float64Array(2 * plane);
    let [signal, disturbance] = [0, 0];
    const noises = new Float64Array(2 * plane);
    for (let i = 0; i < plane; i++) {
      const [k, j] = [Math.floor(i / nInplanes), i % nInplanes];
      const from = 2 * (k * nInplanes + ((j + turn) % nInplanes));
      const [re, im] = [
        templates.data[2 * plane * template + from],
        templates.data[2 * plane * template + from + 1],
      ];
      const c = ctf.data[m * plane + i];
      image[2 * i] = c * (re * kernel[from] - im * kernel[from + 1]);
      image[2 * i + 1] = c * (re * kernel[from + 1] + im * kernel[from]);
      // White noise of real images: points of a polar grid stand for unequal areas, and opposite ones are conjugate.
      if (2 * j < nInplanes) {
        const width = 1 / Math.sqrt(integrationWeights[k]);
        const opposite = 2 * (k * nInplanes + j + nInplanes / 2);
        const [x, y] = [width * normal(), width * normal()];
        noises.set([x, y], 2 * i);
        noises.set([x, -y], opposite);
      }
    }
    for (let i = 0; i < 2 * plane; i++) {
      const weight = integrationWeights[Math.floor(i / (2 * nInplanes))];
      signal += weight * image[i] ** 2;
      disturbance += weight * noises[i] ** 2;
    }
    const scale = 1 / Math.sqrt(signal * (1 + noise ** 2));
    for (let i = 0; i < 2 * plane; i++) {
      data[2 * plane * m + i] = scale * (image[i] + noise * Math.sqrt(signal / disturbance) * noises[i]);
    }
  }
  return { images: { shape: [count, nShells, nInplanes], data }, ctf };
}
