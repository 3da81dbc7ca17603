import { useState } from "react";
import { useLive } from "../core/useLive.ts";
import { type JobFacts, type JobStart, type JobsFacts, send } from "../scene/api.ts";

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
        <Starts start={starts} job={steps.find(({ name }) => name === starts.step)} onError={onError} />
      )}
    </section>
  );
}

interface StartsProps {
  readonly start: JobStart;
  readonly job: JobFacts | undefined;
  readonly onError: JobsProps["onError"];
}

/** What can be started now. */
function Starts({ start: { at, step, said }, job, onError }: StartsProps) {
  const [isAsked, setAsked] = useState(false);
  const count = (state: string) =>
    (job?.phases ?? []).reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0);
  const missing = count("pending") + count("failed") + count("lost");
  const begin = (what: string) => {
    setAsked(true);
    send("job/start", { at, what })
      .catch((error: Error) => onError(error.message))
      .finally(() => setAsked(false));
  };
  const ways = [
    ...(job === undefined ? [{ what: "init", text: `Initialise ${step}` }] : []),
    ...(job !== undefined && missing > 0
      ? [
          { what: "submit", text: "Submit" },
          ...(count("done") + count("failed") > 0 ? [{ what: "resubmit", text: "Run what is missing" }] : []),
        ]
      : []),
    ...(job !== undefined && missing === 0 && count("running") === 0
      ? [{ what: "submit", text: "Submit again" }]
      : []),
  ];
  return (
    <>
      <div className="actions">
        {ways.map(({ what, text }) => (
          <button type="button" key={what} disabled={isAsked} onClick={() => begin(what)}>
            {text}
          </button>
        ))}
      </div>
      {said !== "" && (
        <details>
          <summary>What the last start said</summary>
          <pre>{said}</pre>
        </details>
      )}
    </>
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
