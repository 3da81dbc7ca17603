import { withPool } from "../../program/index.ts";
import { normalizeTemplates } from "../loaders/templates.ts";
import { alignedMolecules } from "../loaders/updateMolecules.ts";
import type { AlignmentResult } from "../models/model.ts";
import { drawSlices } from "../pictures/pictures.ts";
import { withLoader } from "../programs/inputs.ts";
import { type AlignChoices, templatesOf, tomogramInputs } from "./alignChoices.ts";

/** Molecules that are averaged for a picture, at most. */
const SHOWN = 200;

/** Slices through the first template, and through the averages of the first tomogram's first molecules before and after their alignment. */
export function drawAlignment(choices: AlignChoices, results: readonly AlignmentResult[]) {
  return withLoader(tomogramInputs(choices, 0), undefined, (loader) =>
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
      ];
      return drawSlices(`Averages of ${before.count} molecules`, volumes);
    }),
  );
}
