import type { Backend } from "../../compute/index.ts";
import { sampleGrid } from "../../pipe/index.ts";
import { withPool } from "../../program/index.ts";
import { normalizeTemplates } from "../loaders/templates.ts";
import { alignedMolecules } from "../loaders/updateMolecules.ts";
import type { AlignmentResult } from "../models/model.ts";
import { drawSlices, type NamedVolume } from "../pictures/pictures.ts";
import { type MoleculeLoader, withLoader } from "../programs/inputs.ts";
import { type AlignChoices, alignOptionsOf, dropping, templatesOf, tomogramInputs } from "./alignChoices.ts";

/** Molecules that are averaged for a picture, at most. */
const SHOWN = 200;

/** Values of a landscape's pictures a voxel. */
const STEPS = 4;

/**
 * Slices through the first template, through the averages of the first tomogram's first molecules before and after their alignment, and
 * through the peak of its best molecule's landscape of scores.
 */
export function drawAlignment(choices: AlignChoices, results: readonly AlignmentResult[]) {
  const work = (loader: MoleculeLoader) =>
    withPool({}, async (backend) => {
      const [template] = await normalizeTemplates(templatesOf(choices), loader.scale);
      const before = loader.molecules.slice(0, SHOWN);
      const after = alignedMolecules(before, results.slice(0, SHOWN), { scale: loader.scale });
      const averageOf = (molecules: typeof before) =>
        loader.replace({ molecules, outputShape: template.shape }).average({ backend });
      const volumes = [
        { name: "template", volume: template },
        { name: "before", volume: await averageOf(before) },
        { name: "after", volume: await averageOf(after) },
        await bestLandscape(loader, choices, { results, backend }),
      ];
      return drawSlices(`Averages of ${before.count} molecules`, volumes, loader.scale);
    });
  return withLoader(tomogramInputs(choices, 0), undefined, { work, ...dropping(choices) });
}

/** Scores of the best molecule's shifts with the template and in the rotation that were found, between whole shifts by their spline. */
async function bestLandscape(
  loader: MoleculeLoader,
  choices: AlignChoices,
  { results, backend }: { readonly results: readonly AlignmentResult[]; readonly backend: Backend },
): Promise<NamedVolume> {
  const best = results.reduce((most, { score }, i) => (score > results[most].score ? i : most), 0);
  const { label, rotation } = results[best];
  const { mask, maxShifts, cutoff, model } = alignOptionsOf(choices);
  const found = await loader
    .replace({ molecules: loader.molecules.slice(best, best + 1) })
    .constructLandscape(templatesOf(choices)[label], {
      ...(mask !== undefined && { mask }),
      ...(maxShifts !== undefined && { maxShifts }),
      ...(model !== undefined && { model }),
      ...{ cutoff, rotations: [rotation], backend },
    });
  const [, , ...whole] = found.shape;
  const [z, y, x] = whole.map((n) => Float64Array.from({ length: STEPS * (n - 1) + 1 }, (_, i) => i / STEPS));
  const source = { data: found.data, shape: whole };
  const { data } = sampleGrid(source, { coordinates: [z, y, x], order: 3, boundary: "reflect" });
  const at = data.reduce((most, value, i) => (value > data[most] ? i : most), 0);
  const row = Math.floor(at / x.length);
  return {
    name: `scores about molecule ${best}, the best, to ${choices.maxShiftsNm.join(", ")} nm`,
    volume: { data, shape: [z.length, y.length, x.length] },
    scale: loader.scale / STEPS,
    through: [Math.floor(row / y.length), row % y.length, at % x.length],
  };
}
