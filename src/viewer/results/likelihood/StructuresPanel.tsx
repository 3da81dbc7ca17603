import type { Rows } from "../answers.ts";
import type { Choices } from "../useChoices.ts";
import { type LikelihoodFacts, valuesOf } from "./api.ts";
import { Bars, type Share } from "./Bars.tsx";

interface StructuresPanelProps {
  readonly facts: LikelihoodFacts;
  readonly rows: Rows | undefined;
  readonly choices: Choices;
}

/** What structures are worth: weights of the ensemble with their intervals, their rank if all images were of one. */
export function StructuresPanel({ facts, rows, choices }: StructuresPanelProps) {
  const { names, images, weights, ranking, warnings, isIntegrated } = facts;
  return (
    <section aria-label="Structures">
      <h1>{images === null ? "Structures" : `${images} images, ${names.length} structures`}</h1>
      {warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {!isIntegrated && images !== null && (
        <p className="warning">
          The run has no integrated log-likelihoods: structures have no posteriors. Run vitrine likelihood
          --integrated.
        </p>
      )}
      {weights !== null && (
        <>
          <h2>Weights in the ensemble</h2>
          <Bars
            label="Weights in the ensemble"
            shares={weights.names.map((name, k) => ({
              name,
              value: weights.weights[k],
              interval: [weights.lower[k], weights.upper[k]] as const,
            }))}
          />
        </>
      )}
      {weights === null && rows !== undefined && isIntegrated && (
        <>
          <h2>Mean posteriors, all structures alike</h2>
          <Bars label="Mean posteriors" shares={meanPosteriors(facts, rows)} />
        </>
      )}
      {ranking !== null && (
        <>
          <h2>If all images were of one</h2>
          <Bars
            label="Posterior if all images were of one structure"
            shares={ranking.map(({ structure, posterior }) => ({
              name: structure,
              value: Number(posterior),
            }))}
          />
        </>
      )}
      <div className="actions">
        <button type="button" onClick={() => choices.choose({ files: 1 })}>
          Files
        </button>
      </div>
    </section>
  );
}

function meanPosteriors({ names }: LikelihoodFacts, rows: Rows): Share[] {
  return names.map((name, k) => {
    const values = valuesOf(rows, "posterior", k) ?? new Float64Array();
    return { name, value: values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length) };
  });
}
