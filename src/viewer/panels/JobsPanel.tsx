import { useState } from "react";
import { useLive } from "../core/useLive.ts";
import type { JobFacts, JobsFacts } from "../scene/api.ts";
import { JobStarts } from "./JobStarts.tsx";

interface JobsProps {
  readonly at: string;
  readonly onError: (message: string) => void;
}

interface Batch {
  readonly phase: string;
  readonly index: number;
  readonly state: string;
  readonly share: number;
  readonly message?: string;
}

/** How far the steps of an experiment are, as it happens, and their start; of one step every batch with its log. */
export function JobsPanel({ at, onError }: JobsProps) {
  const { value: jobs, isLinked } = useLive<JobsFacts>("jobs", { at }, onError);
  if (jobs === undefined || (jobs.steps.length === 0 && jobs.starts === null)) return null;
  const { steps, starts } = jobs;
  return (
    <section aria-label="Jobs">
      <h2>Jobs</h2>
      {!isLinked && (
        <p className="warning" role="status">
          The server does not answer. Looking for it…
        </p>
      )}
      {steps.map(({ at: step, name, phases }) => (
        <details key={step}>
          <summary>
            {name} <PhaseBars phases={phases} />
          </summary>
          <Batches at={step} onError={onError} />
        </details>
      ))}
      {starts !== null && (
        <JobStarts start={starts} job={steps.find(({ name }) => name === starts.step)} onError={onError} />
      )}
    </section>
  );
}

function PhaseBars({ phases }: Pick<JobFacts, "phases">) {
  return phases.map(({ name, counts }) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return (
      <span key={name} className="phase">
        {name} {counts.done} of {all}
        {counts.running ? `, ${counts.running} running` : ""}
        {counts.failed ? `, ${counts.failed} failed` : ""}
        {counts.lost ? `, ${counts.lost} lost` : ""}{" "}
        <progress max={all || 1} value={counts.done} aria-label={`${name} done`} />
      </span>
    );
  });
}

function Batches({ at, onError }: JobsProps) {
  const [opened, setOpened] = useState<Pick<Batch, "phase" | "index">>();
  const { value } = useLive<{ readonly batches: readonly Batch[] }>("job", { at }, onError);
  return (
    <>
      <ul className="batches">
        {(value?.batches ?? []).map((batch) => (
          <li key={`${batch.phase}/${batch.index}`}>
            <button type="button" onClick={() => setOpened(batch)}>
              {batch.phase}/{batch.index} {batch.state}
              {batch.state === "running" ? ` ${Math.round(100 * batch.share)} %` : ""}
            </button>
            {batch.message !== undefined && <p className="note">{batch.message}</p>}
          </li>
        ))}
      </ul>
      {opened !== undefined && <Log at={at} {...opened} onError={onError} />}
    </>
  );
}

function Log({ at, phase, index, onError }: JobsProps & Pick<Batch, "phase" | "index">) {
  const { value } = useLive<string>("job/log", { at, phase, batch: index }, onError);
  return (
    <section aria-label={`Log of ${phase}/${index}`}>
      <pre>{value || "It has said nothing yet."}</pre>
    </section>
  );
}
