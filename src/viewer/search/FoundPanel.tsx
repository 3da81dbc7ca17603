import type { FoundParticle } from "../../match/index.ts";
import { NumberField } from "../panels/NumberField.tsx";
import { durationText } from "../panels/text.ts";
import type { SearchSession, SearchState } from "./session.ts";

interface FoundProps {
  readonly session: SearchSession;
  readonly state: SearchState;
  /** Index of the particle that is looked at. */
  readonly chosen: number | undefined;
  readonly onChoose: (index: number) => void;
}

/** Rows of the table at most: the file has all. */
const MOST_ROWS = 200;

/** What was found, and how it is saved. */
export function FoundPanel({ session, state, chosen, onChoose }: FoundProps) {
  const { found, scores, falsePositives, isSaving } = state;
  if (found === undefined || scores === undefined) return null;
  const { particles, zCutoff, bestZScore } = found;
  return (
    <section aria-label="Found">
      <h2>Found</h2>
      <p role="status" aria-label="Result">
        {particles.length === 1 ? "1 particle" : `${particles.length} particles`} above z ={" "}
        {zCutoff.toFixed(2)}; the highest is {bestZScore.toFixed(2)}
      </p>
      <p className="note">
        {scores.correlations.toLocaleString("en")} correlations in {durationText(scores.seconds)}
      </p>
      <NumberField
        label="Expected false particles"
        unit=""
        min={0}
        value={falsePositives}
        onValue={(value) => session.expect(value)}
      />
      <div className="actions">
        <button type="button" disabled={isSaving} onClick={() => session.save("all")}>
          Save all (zip)
        </button>
        <button type="button" disabled={isSaving} onClick={() => session.save("particles")}>
          Save particles.csv
        </button>
      </div>
      {particles.length > 0 && <ParticleTable {...{ particles, chosen, onChoose }} />}
      {particles.length > MOST_ROWS && (
        <p className="note">{particles.length - MOST_ROWS} more are in the table that is saved.</p>
      )}
    </section>
  );
}

function ParticleTable({
  particles,
  chosen,
  onChoose,
}: Pick<FoundProps, "chosen" | "onChoose"> & { readonly particles: readonly FoundParticle[] }) {
  return (
    <table className="stages found" aria-label="Particles">
      <thead>
        <tr>
          <th scope="col">z</th>
          <th scope="col">x, y</th>
          <th scope="col">φ, θ, ψ</th>
          <th scope="col" title="Defocus beside the micrograph's, Å">
            Δf Å
          </th>
        </tr>
      </thead>
      <tbody>
        {particles.slice(0, MOST_ROWS).map((particle, i) => (
          <tr key={`${particle.xPx},${particle.yPx}`} className={i === chosen ? "chosen" : ""}>
            <th scope="row">
              <button type="button" aria-pressed={i === chosen} onClick={() => onChoose(i)}>
                {particle.zScore.toFixed(2)}
              </button>
            </th>
            <td>
              {particle.xPx}, {particle.yPx}
            </td>
            <td>
              {[particle.phiDeg, particle.thetaDeg, particle.psiDeg].map((deg) => deg.toFixed(1)).join(", ")}
            </td>
            <td>{particle.defocusOffsetA.toFixed(0)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
