import { useState } from "react";
import { type JobFacts, type JobStart, send } from "../scene/api.ts";
import { NumberField } from "./NumberField.tsx";

interface StartsProps {
  readonly start: JobStart;
  readonly job: JobFacts | undefined;
  readonly onError: (message: string) => void;
}

/** Options of a start, by the names that the server has for them; undefined: as the command line has it. */
type Options = Readonly<Record<string, string | number | boolean | undefined>>;

const ANEW = "This removes what the jobs have made so far, layers included. Initialise anew?";
/** Switches of `init`. */
const SWITCHES: readonly (readonly [key: string, text: string])[] = [
  ["align", "Align cycles"],
  ["register", "Register overlapping sites"],
  ["illumcorr", "Correct illumination"],
  ["clip", "Clip intensities"],
  ["multiscale", "OME-Zarr of each plate too"],
];
/** Numbers of `init`. */
const NUMBERS: readonly (readonly [key: string, text: string, unit: string, usual: number])[] = [
  ["batchSize", "Images of a job", "", 100],
  ["quality", "Quality of tiles", "%", 95],
];

/** What can be started now, with its options, and ended. */
export function JobStarts({ start, job, onError }: StartsProps) {
  const { at, step, said, isRunning } = start;
  const [isAsked, setAsked] = useState(false);
  const [init, setInit] = useState<Options>({});
  const [tasks, setTasks] = useState(Number.NaN);
  const ask = (route: string, body: object) => {
    setAsked(true);
    send(route, body)
      .catch((error: Error) => onError(error.message))
      .finally(() => setAsked(false));
  };
  const begin = (what: string) => {
    if (what === "init" && job !== undefined && !confirm(ANEW)) return;
    const options = what === "init" ? init : Number.isNaN(tasks) ? {} : { tasks };
    ask("job/start", { at, what, options });
  };
  const ways = isRunning ? [] : waysOf(job, step);
  const has = (name: string) => ways.some(({ what }) => what === name);
  return (
    <>
      <div className="actions">
        {ways.map(({ what, text }) => (
          <button type="button" key={what} disabled={isAsked} onClick={() => begin(what)}>
            {text}
          </button>
        ))}
        {isRunning && (
          <button type="button" disabled={isAsked} onClick={() => ask("job/cancel", { at })}>
            Cancel
          </button>
        )}
      </div>
      {has("submit") && (
        <NumberField label="Jobs at a time" unit="" min={1} value={tasks} onValue={setTasks} />
      )}
      {has("init") && <InitOptions options={init} onOptions={setInit} />}
      {said !== "" && (
        <details>
          <summary>What the last start said</summary>
          <pre>{said}</pre>
        </details>
      )}
    </>
  );
}

/** In the order in which one wants them. */
function waysOf(job: JobFacts | undefined, step: string) {
  const again = { what: "init", text: job === undefined ? `Initialise ${step}` : "Initialise anew" };
  if (job === undefined) return [again];
  const count = (state: string) => job.phases.reduce((sum, { counts }) => sum + (counts[state] ?? 0), 0);
  const missing = count("pending") + count("failed") + count("lost");
  if (missing > 0) {
    const part = { what: "resubmit", text: "Run what is missing" };
    return [
      { what: "submit", text: "Submit" },
      ...(count("done") + count("failed") > 0 ? [part] : []),
      again,
    ];
  }
  return count("running") > 0 ? [] : [{ what: "submit", text: "Submit again" }, again];
}

function InitOptions({
  options,
  onOptions,
}: {
  readonly options: Options;
  readonly onOptions: (options: Options) => void;
}) {
  return (
    <details>
      <summary>Options of the initialisation</summary>
      {SWITCHES.map(([key, text]) => (
        <label className="check" key={key}>
          <input
            type="checkbox"
            checked={options[key] === true}
            onChange={({ target }) => onOptions({ ...options, [key]: target.checked || undefined })}
          />{" "}
          {text}
        </label>
      ))}
      {NUMBERS.map(([key, text, unit, usual]) => (
        <NumberField
          key={key}
          {...{ label: text, unit }}
          value={typeof options[key] === "number" ? options[key] : usual}
          onValue={(value) =>
            onOptions({ ...options, [key]: Number.isNaN(value) || value === usual ? undefined : value })
          }
        />
      ))}
    </details>
  );
}
