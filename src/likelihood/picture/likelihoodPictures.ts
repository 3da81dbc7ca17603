import { makeFolder, writeFileAtomic } from "../../io/index.ts";
import type { ComparatorRequest, OptimalPose } from "../correlation/comparators.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import { powerSpectrum } from "../images/polar.ts";
import { seenTemplate } from "../integrated/singlePose.ts";
import { drawDistribution } from "./barPicture.ts";
import { drawImages } from "./gallery.ts";
import { drawPowerSpectrum } from "./powerPicture.ts";

/** What is drawn of a stack. */
export interface ComparedStack {
  readonly stack: number;
  readonly request: ComparatorRequest;
  readonly pose: OptimalPose;
  readonly descriptor: ImageDescriptor;
}

/** Images of the gallery; each is followed by its template. */
const SHOWN = 8;

/** Writes pictures below `folder/plots`: images with their best templates, the distribution of what was found, the images' power. @returns their paths */
export async function drawLikelihood(
  folder: string,
  { stack, request, pose, descriptor }: ComparedStack,
): Promise<string[]> {
  const { polarGrid: grid, nPixels, pixelSizeA, boxSizeA } = descriptor;
  const physical = createPolarTransform({ nPixels, grid }).toPhysical(pairs(request, pose), pixelSizeA);
  const isIntegrated = pose.integratedLogLikelihoodM !== undefined;
  const values = pose.integratedLogLikelihoodM ?? pose.crossCorrelationM;
  const count = request.images.shape[0];
  const number = `stack_${String(stack).padStart(6, "0")}`;
  const pictures: [name: string, bytes: Uint8Array][] = [
    ["best_templates", drawImages(physical, "particles, each followed by its best template")],
    [
      "distribution",
      drawDistribution(
        values,
        `${count} particles`,
        isIntegrated ? "integrated log-likelihood" : "best correlation",
      ),
    ],
    [
      "power_spectrum",
      drawPowerSpectrum(
        powerSpectrum(request.images, grid, Math.max(...boxSizeA)),
        `mean power of ${count} particles`,
      ),
    ],
  ];
  await makeFolder(`${folder}/plots`);
  const paths: string[] = [];
  for (const [name, bytes] of pictures) {
    const path = `${folder}/plots/${name}_${number}.png`;
    await writeFileAtomic(path, bytes, { overwrite: true });
    paths.push(path);
  }
  return paths;
}

function pairs(request: ComparatorRequest, pose: OptimalPose): ComparatorRequest["images"] {
  const [count, shells, inplanes] = request.images.shape;
  const shown = Math.min(SHOWN, count);
  const row = 2 * shells * inplanes;
  const data = new Float64Array(2 * shown * row);
  for (let m = 0; m < shown; m++) {
    data.set(request.images.data.subarray(m * row, (m + 1) * row), 2 * m * row);
    data.set(seenTemplate(request, pose, m), (2 * m + 1) * row);
  }
  return { shape: [2 * shown, shells, inplanes], data };
}
