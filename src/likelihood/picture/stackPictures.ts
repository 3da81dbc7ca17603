import { makeFolder, writeFileAtomic } from "../../io/index.ts";
import { createPolarTransform } from "../fourier/polarTransform.ts";
import { powerSpectrum, selectImages } from "../images/polar.ts";
import type { WrittenStack } from "../particles/convert.ts";
import type { MadeTemplates } from "../templates/makeTemplates.ts";
import { drawImages, drawTransforms } from "./gallery.ts";
import { drawPowerSpectrum } from "./powerPicture.ts";

/** Images of a gallery. */
const MOST = 16;

/** Writes pictures of a stack of particles below `folder/plots`: images, transforms, power spectrum. @returns their paths */
export async function drawParticles(
  folder: string,
  { index, physical, fourier, descriptor }: WrittenStack,
): Promise<string[]> {
  const number = `stack_${String(index).padStart(6, "0")}`;
  const names = [`particles_phys_${number}`, `particles_fourier_${number}`, `power_spectrum_${number}`];
  const spectrum = powerSpectrum(fourier, descriptor.polarGrid, Math.max(...descriptor.boxSizeA));
  return writePictures(folder, names, [
    drawImages(physical, `particles of stack ${index}`),
    drawTransforms(fourier, descriptor.polarGrid.radii, `transforms of stack ${index}, real part`),
    drawPowerSpectrum(spectrum, `mean power of ${fourier.shape[0]} particles`),
  ]);
}

/** Writes pictures of templates below `folder/plots`: as images, transforms, power spectrum. @returns their paths */
export async function drawTemplates(
  folder: string,
  { name, stack, descriptor }: MadeTemplates,
): Promise<string[]> {
  const { polarGrid: grid, nPixels, pixelSizeA, boxSizeA } = descriptor;
  const some = selectImages(stack, firstOf(stack.shape[0]));
  const images = createPolarTransform({ nPixels, grid }).toPhysical(some, pixelSizeA);
  const names = [`templates_phys_${name}`, `templates_fourier_${name}`, `power_spectrum_${name}`];
  return writePictures(folder, names, [
    drawImages(images, `templates of ${name}`),
    drawTransforms(some, grid.radii, `transforms of ${name}, real part`),
    drawPowerSpectrum(
      powerSpectrum(stack, grid, Math.max(...boxSizeA)),
      `mean power of ${stack.shape[0]} templates of ${name}`,
    ),
  ]);
}

/** Evenly among all. */
function firstOf(count: number): number[] {
  const shown = Math.min(MOST, count);
  return Array.from({ length: shown }, (_, i) => Math.floor((i * count) / shown));
}

async function writePictures(
  folder: string,
  names: readonly string[],
  pictures: readonly Uint8Array[],
): Promise<string[]> {
  await makeFolder(`${folder}/plots`);
  const paths = names.map((name) => `${folder}/plots/${name}.png`);
  for (const [i, path] of paths.entries()) await writeFileAtomic(path, pictures[i], { overwrite: true });
  return paths;
}
