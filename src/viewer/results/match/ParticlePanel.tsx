import { useMemo, useState } from "react";
import type { ResultParticle } from "../../../match/index.ts";
import { hasPose, particleQuery } from "../../../server/export/shown.ts";
import { askPictures } from "../answers.ts";
import { NumberCanvas } from "../NumberCanvas.tsx";
import { useAnswerOrWord } from "../useAnswer.ts";
import { queryOf, type SearchFacts, type SearchPlace } from "./api.ts";
import { CtfPanel } from "./CtfPanel.tsx";

interface ParticlePanelProps {
  readonly facts: SearchFacts;
  readonly place: SearchPlace;
  readonly particles: readonly ResultParticle[];
  /** Its place in the list; undefined: none. */
  readonly chosen: number | undefined;
  readonly onError: (message: string) => void;
}

interface ViewFacts {
  readonly size: number;
  readonly binning: number;
  readonly pixelSizeA: number;
}

const TITLES: Readonly<Record<string, string>> = {
  micrograph: "micrograph",
  seen: "template",
  projection: "without CTF",
};

/** The chosen particle beside its template in the same pose, its numbers, its CTF. */
export function ParticlePanel({ facts, place, particles, chosen, onError }: ParticlePanelProps) {
  const [smoothPx, setSmooth] = useState(1);
  const particle = chosen === undefined ? undefined : particles[chosen];
  if (particle === undefined)
    return (
      <section aria-label="Particle">
        <h2>Particle</h2>
        <p className="note">A click on a circle or a row shows it beside its template.</p>
      </section>
    );
  const { zScore, x, y, phiDeg, thetaDeg, psiDeg, relativeDefocusA } = particle;
  const isPosed = hasPose(particle);
  return (
    <section aria-label="Particle">
      <h2>Particle {chosen! + 1}</h2>
      {isPosed && facts.template.at !== null ? (
        <>
          <ParticlePictures {...{ place, particle, smoothPx, onError }} />
          <label className="row">
            Smooth
            <input
              type="range"
              min={0}
              max={4}
              step={0.5}
              value={smoothPx}
              onChange={(event) => setSmooth(event.target.valueAsNumber)}
            />
          </label>
        </>
      ) : (
        <p className="note">
          {isPosed ? "The template is not served" : "The maps of angles are not served"}: no projection.
        </p>
      )}
      <dl className="details" aria-label="Chosen particle">
        <dt>z-score</dt>
        <dd>{zScore.toFixed(2)}</dd>
        <dt>centre x, y</dt>
        <dd>
          {x}, {y} px
        </dd>
        <dt>φ, θ, ψ</dt>
        <dd>{[phiDeg, thetaDeg, psiDeg].map((angle) => angle.toFixed(1)).join(", ")}°</dd>
        <dt>relative defocus</dt>
        <dd>{relativeDefocusA.toFixed(0)} Å</dd>
      </dl>
      <CtfPanel
        optics={facts.optics}
        relativeDefocusA={Number.isFinite(relativeDefocusA) ? relativeDefocusA : 0}
      />
    </section>
  );
}

interface PicturesProps {
  readonly place: SearchPlace;
  readonly particle: ResultParticle;
  readonly smoothPx: number;
  readonly onError: (message: string) => void;
}

function ParticlePictures({ place, particle, smoothPx, onError }: PicturesProps) {
  const query = useMemo(() => ({ ...queryOf(place), ...particleQuery(particle) }), [place, particle]);
  const { value: answer, leftOut } = useAnswerOrWord(
    JSON.stringify(query),
    (signal) => askPictures<ViewFacts>("match/particle", query, signal),
    onError,
  );
  if (leftOut !== undefined) return <p className="note">{leftOut}</p>;
  if (answer === undefined) return <p className="note">Projecting the template…</p>;
  const { binning, size, pixelSizeA } = answer.facts;
  return (
    <>
      <div className="number-pictures">
        {answer.pictures.map(({ name, data, shape: [height, width] }) => (
          <NumberCanvas
            key={name}
            label={`${TITLES[name]} of the particle`}
            caption={TITLES[name]}
            {...{ data, height, width }}
            smoothPx={name === "micrograph" ? smoothPx : 0}
          />
        ))}
      </div>
      <p className="note">
        {(size * pixelSizeA).toFixed(0)} Å wide{binning > 1 && `, ${binning} × ${binning} pixels as one`}
      </p>
    </>
  );
}
