import type { ResultParticle } from "../../../match/index.ts";
import { saveBlob } from "../../core/save.ts";
import { apiUrl } from "../../scene/api.ts";
import { isExport } from "../../scene/exported.ts";
import { numberText } from "../../widgets/numbers.ts";
import { LineChart } from "../charts/LineChart.tsx";
import type { Choices } from "../useChoices.ts";
import { queryOf, type ScoreFacts, type SearchFacts, type SearchPlace } from "./api.ts";
import { countText } from "./ParticleTable.tsx";
import { tableAbove } from "./tableAbove.ts";

interface CutoffPanelProps {
  readonly facts: SearchFacts;
  readonly place: SearchPlace;
  readonly particles: readonly ResultParticle[];
  readonly choices: Choices;
  /** Whose rows are shown; undefined: the peaks of the map. */
  readonly table: string | undefined;
  readonly cutoff: number;
  readonly onError: (message: string) => void;
}

/** Where particles are from, the cutoff on the counts of z-scores, and what lies above it as a file. */
export function CutoffPanel({ facts, place, particles, choices, table, cutoff, onError }: CutoffPanelProps) {
  const { scores, tables } = facts;
  const above = particles.filter(({ zScore }) => zScore > cutoff).length;
  const [low, high] = rangeOf(scores, particles, table);
  const move = (value: number) =>
    choices.choose({
      cutoff: Math.min(high, Math.max(low, value)).toFixed(2),
      particle: choices.text("particle"),
    });
  return (
    <section aria-label="Cutoff">
      <h2>Cutoff</h2>
      {tables.length > 0 && <SourceChoice {...{ facts, table, choices }} />}
      {scores !== null && <ScoreChart scores={scores} cutoff={cutoff} onCutoff={move} />}
      <label className="limit">
        <input
          type="range"
          aria-label="Cutoff"
          min={low}
          max={high}
          step={0.01}
          value={cutoff}
          onChange={(event) => move(event.target.valueAsNumber)}
        />
        <input
          type="number"
          aria-label="Cutoff, as a number"
          min={low}
          max={high}
          step={0.05}
          value={Number(cutoff.toFixed(2))}
          onChange={(event) => {
            if (Number.isFinite(event.target.valueAsNumber)) move(event.target.valueAsNumber);
          }}
        />
      </label>
      <p className="note" role="status" aria-label="Particles above the cutoff">
        {countText(above)} above {cutoff.toFixed(2)}
        {scores !== null && `; of noise alone ${numberText(noiseAt(scores, cutoff), 2)} expected`}
      </p>
      {table === undefined && scores !== null && (
        <p className="note">
          {particles.length} peaks above {scores.floor.toFixed(2)} are known.
        </p>
      )}
      <SaveLinks {...{ place, table, cutoff, choices, onError }} />
    </section>
  );
}

/** Peaks of the map, or one of the tables. */
function SourceChoice({ facts, table, choices }: Pick<CutoffPanelProps, "facts" | "table" | "choices">) {
  const { scores, tables } = facts;
  return (
    <label className="row">
      Particles of
      <select
        value={table ?? ""}
        onChange={(event) =>
          choices.choose({
            table: event.target.value || undefined,
            cutoff: undefined,
            particle: undefined,
          })
        }
      >
        {scores !== null && <option value="">map of z-scores</option>}
        {tables.flatMap(({ at, name, rows, isRefined }) =>
          at === null
            ? []
            : [
                <option key={at} value={at}>
                  {name} ({rows}
                  {isRefined ? ", refined" : ""})
                </option>,
              ],
        )}
      </select>
    </label>
  );
}

/** What lies above the cutoff as a file: the server's, or made of the table of an export. */
function SaveLink({
  place,
  table,
  cutoff,
  as,
  onError,
}: Omit<SaveProps, "choices"> & { readonly as: "csv" | "star" }) {
  const text = `Save as ${as.toUpperCase()}`;
  const query = { ...queryOf(place), table };
  if (!isExport())
    return (
      <a
        className="save"
        download={`particles.${as}`}
        href={apiUrl("match/table", { ...query, cutoff: cutoff.toFixed(4), as })}
      >
        {text}
      </a>
    );
  const save = () => tableAbove(query, { cutoff, as }).then((blob) => saveBlob(blob, `particles.${as}`));
  return (
    <button type="button" onClick={() => save().catch((error: Error) => onError(error.message))}>
      {text}
    </button>
  );
}

type SaveProps = Pick<CutoffPanelProps, "place" | "table" | "cutoff" | "choices" | "onError">;

/** What lies above the cutoff as a file, and the way back to the one that was computed. */
function SaveLinks({ place, table, cutoff, choices, onError }: SaveProps) {
  return (
    <div className="actions">
      {(["csv", "star"] as const).map((as) => (
        <SaveLink key={as} {...{ place, table, cutoff, as, onError }} />
      ))}
      {choices.text("cutoff") !== undefined && (
        <button type="button" onClick={() => choices.choose({ cutoff: undefined })}>
          As computed
        </button>
      )}
    </div>
  );
}

interface ScoreChartProps {
  readonly scores: ScoreFacts;
  readonly cutoff: number;
  readonly onCutoff: (cutoff: number) => void;
}

/** The rise to all pixels says nothing: the tail is what is looked at. */
function ScoreChart({ scores, cutoff, onCutoff }: ScoreChartProps) {
  const { above, noise, high } = scores;
  const x = above.map((_, i) => zOf(scores, i));
  const first = Math.max(0, above.findIndex((count) => count < above[0]) - 1);
  const shown = Math.max(x[first], Math.min(cutoff, scores.cutoff) - 4);
  const range = [Math.floor(shown), high] as const;
  const top = 10 ** Math.ceil(Math.log10(Math.max(10, above[0])));
  return (
    <LineChart
      title="Pixels above each z-score"
      x={{ title: "z-score", range }}
      y={{ title: "pixels", range: [0.5, top], isLogarithmic: true }}
      lines={[
        { title: "this map", color: "one", x, y: above },
        { title: "noise alone", color: "two", x, y: noise },
      ]}
      marker={{ title: "cutoff", x: cutoff }}
      onMarker={onCutoff}
    />
  );
}

function zOf({ low, high, above }: ScoreFacts, step: number): number {
  return low + ((high - low) * step) / (above.length - 1);
}

/** Pixels of noise above a z-score, between two steps by their logarithms. */
function noiseAt({ low, high, noise }: ScoreFacts, z: number): number {
  const at = Math.min(noise.length - 1, Math.max(0, ((z - low) / (high - low)) * (noise.length - 1)));
  const i = Math.min(noise.length - 2, Math.floor(at));
  const [a, b] = [noise[i], noise[i + 1]];
  return a > 0 && b > 0 ? a * (b / a) ** (at - i) : 0;
}

/** Between the lowest and the highest that change anything. */
function rangeOf(
  scores: ScoreFacts | null,
  particles: readonly ResultParticle[],
  table: string | undefined,
): readonly [number, number] {
  const best = particles[0]?.zScore ?? scores?.high ?? 1;
  const lowest = particles.at(-1)?.zScore ?? 0;
  const floor = table === undefined && scores !== null ? scores.floor : lowest - 0.01;
  return [Math.ceil(floor * 100) / 100, Math.ceil(Math.max(best, scores?.cutoff ?? best) * 100) / 100];
}
