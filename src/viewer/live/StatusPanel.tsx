import type { LiveState } from "../../acquire/index.ts";
import { send } from "../scene/api.ts";

const WORDS: Readonly<Record<LiveState["state"], string>> = {
  running: "Running",
  stopping: "Stopping: images that were taken are being saved",
  done: "Done",
  failed: "Failed",
};

interface StatusProps {
  readonly facts: LiveState;
  readonly isLinked: boolean;
  readonly onError: (message: string) => void;
  readonly onOpen: (at: string) => void;
}

/** Whether it runs, its stages in numbers, what hooks did, and its end. */
export function StatusPanel({ facts, isLinked, onError, onOpen }: StatusProps) {
  const { state, message, seconds, folder, stages, hooks } = facts;
  const stop = () => send("acquisition/stop", {}).catch((error: Error) => onError(error.message));
  return (
    <section aria-label="Acquisition">
      <h1>Acquisition</h1>
      <p
        role="status"
        aria-label="State"
        className={isLinked && state !== "failed" ? `live ${state}` : "warning"}
      >
        {isLinked ? `${WORDS[state]} · ${seconds} s` : "The server does not answer. Looking for it…"}
      </p>
      {message !== undefined && <p className="warning">{message}</p>}
      <div className="actions">
        {state === "running" && (
          <button type="button" onClick={stop}>
            Stop
          </button>
        )}
        {folder !== null && (
          <button type="button" onClick={() => onOpen(folder)}>
            Open saved images
          </button>
        )}
      </div>
      <table className="stages">
        <thead>
          <tr>
            <th scope="col">Stage</th>
            <th scope="col">Done</th>
            <th scope="col">per s</th>
            <th scope="col">Wait</th>
            <th scope="col">Lost</th>
          </tr>
        </thead>
        <tbody>
          {stages.filter(isUsed).map(({ stage, done, perSecond, queued, peakQueued, dropped }) => (
            <tr key={stage}>
              <th scope="row">{stage === "imageSaved" ? "told" : stage}</th>
              <td>{done}</td>
              <td>{perSecond < 100 ? Number(perSecond.toPrecision(2)) : Math.round(perSecond)}</td>
              <td title={`at most ${peakQueued}`}>{queued}</td>
              <td className={dropped > 0 && stage !== "subscribers" ? "lost" : ""}>{dropped}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {hooks.length > 0 && <Hooks hooks={hooks} />}
    </section>
  );
}

/** Callbacks and subscribers that nobody has are no stages to anybody. */
function isUsed({ stage, done, queued }: LiveState["stages"][number]): boolean {
  return !["imageSaved", "subscribers"].includes(stage) || done + queued > 0;
}

function Hooks({ hooks }: Pick<LiveState, "hooks">) {
  return (
    <table className="stages">
      <thead>
        <tr>
          <th scope="col">Hook</th>
          <th scope="col">Calls</th>
          <th scope="col">Changed</th>
          <th scope="col">Left out</th>
          <th scope="col">ms each</th>
        </tr>
      </thead>
      <tbody>
        {hooks.map(({ hook, calls, changed, cancelled, totalMs }) => (
          <tr key={hook}>
            <th scope="row">{hook}</th>
            <td>{calls}</td>
            <td>{changed}</td>
            <td>{cancelled}</td>
            <td>{Number((totalMs / Math.max(1, calls)).toPrecision(2))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
