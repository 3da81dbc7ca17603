import { useEffect, useState } from "react";
import { ask, askJson, type JobFacts } from "../scene/api.ts";

/** Time between two looks at jobs, ms. */
const LOOK_MS = 2000;

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

/** How far the steps of an experiment are; of one step every batch with its log. */
export function JobsPanel({ at, onError }: JobsProps) {
  const jobs = useRepeated(() => askJson<readonly JobFacts[]>("jobs", { at }), at, onError) ?? [];
  if (jobs.length === 0) return null;
  return (
    <section aria-label="Jobs">
      <h2>Jobs</h2>
      {jobs.map(({ at: step, name, phases }) => (
        <details key={step}>
          <summary>
            {name} <PhaseBars phases={phases} />
          </summary>
          <Batches at={step} onError={onError} />
        </details>
      ))}
    </section>
  );
}

function PhaseBars({ phases }: Pick<JobFacts, "phases">) {
  return phases.map(({ name, counts }) => {
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    return (
      <span key={name} className="phase">
        {name} {counts.done} of {all}
        {counts.failed ? `, ${counts.failed} failed` : ""}{" "}
        <progress max={all || 1} value={counts.done} aria-label={`${name} done`} />
      </span>
    );
  });
}

function Batches({ at, onError }: JobsProps) {
  const [log, setLog] = useState<{ readonly title: string; readonly text: string }>();
  const batches =
    useRepeated(
      async () => (await askJson<{ batches: readonly Batch[] }>("job", { at })).batches,
      at,
      onError,
    ) ?? [];
  const open = async ({ phase, index }: Batch) => {
    const text = await (await ask("job/log", { at, phase, batch: index })).text();
    setLog({ title: `${phase}/${index}`, text: text || "It has said nothing yet." });
  };
  return (
    <>
      <ul className="batches">
        {batches.map((batch) => (
          <li key={`${batch.phase}/${batch.index}`}>
            <button type="button" onClick={() => open(batch).catch((error: Error) => onError(error.message))}>
              {batch.phase}/{batch.index} {batch.state}
              {batch.state === "running" ? ` ${Math.round(100 * batch.share)} %` : ""}
            </button>
            {batch.message !== undefined && <p className="note">{batch.message}</p>}
          </li>
        ))}
      </ul>
      {log !== undefined && <Log {...log} />}
    </>
  );
}

function Log({ title, text }: { readonly title: string; readonly text: string }) {
  return (
    <section aria-label={`Log of ${title}`}>
      <pre>{text}</pre>
    </section>
  );
}

function useRepeated<T>(
  read: () => Promise<T>,
  key: string,
  onError: (message: string) => void,
): T | undefined {
  const [value, setValue] = useState<T>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: functions differ at each drawing; the key says what is read
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isGone = false;
    const look = () =>
      read()
        .then(
          (next) => isGone || setValue(next),
          (error: Error) => isGone || onError(error.message),
        )
        .finally(() => {
          if (!isGone) timer = setTimeout(look, LOOK_MS);
        });
    look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [key]);
  return value;
}
