import type { ParticleStack } from "../particles/particleStack.ts";
import { chooseFromTable, meanOfChosen, type ParticleChoice } from "../refine/optimizeTemplateChoice.ts";

type Log = ((message: string) => void) | undefined;

/** Which particles tell how well templates of several pixel sizes fit. */
export interface ChoiceConventions {
  /** The part of a table that is correlated with every template. */
  readonly candidates: (table: ParticleStack, choice: ParticleChoice, onLog: Log) => ParticleStack;
  /** Options of `optimizeTemplate`. */
  readonly trying: (
    choice: ParticleChoice,
    onLog: Log,
  ) => { readonly compatBatch?: number; readonly objective?: (zScores: readonly number[]) => number };
}

/** Chosen once, by the z-scores in the table. */
const DEFAULT_CHOICE: ChoiceConventions = { candidates: chooseFromTable, trying: () => ({}) };

/** Leopard-EM 1.2 chooses anew with every template, by its z-scores. */
const LEOPARD_CHOICE: ChoiceConventions = {
  candidates: (table) => table,
  trying: (choice, onLog) => ({
    compatBatch: 1,
    objective: (zScores) => meanOfChosen(zScores, choice, onLog),
  }),
};

/** @param compat  as in Leopard-EM 1.2 */
export function choiceConventions(compat: boolean): ChoiceConventions {
  return compat ? LEOPARD_CHOICE : DEFAULT_CHOICE;
}
