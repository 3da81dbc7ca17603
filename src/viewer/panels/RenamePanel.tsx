import { useState } from "react";
import type { History } from "../core/useHistory.ts";
import type { ViewState } from "../core/viewState.ts";
import { type ExperimentFacts, send } from "../scene/api.ts";
import { isExport } from "../scene/exported.ts";

interface RenamePanelProps {
  readonly facts: ExperimentFacts;
  /** Types of map objects as they are now. */
  readonly types: ExperimentFacts["types"];
  readonly state: ViewState;
  readonly setQuietly: (change: (before: ViewState) => ViewState) => void;
  readonly history: History;
  /** Has everything read anew. */
  readonly onRenamed: () => void;
  readonly onError: (message: string) => void;
}

/** Something that has a name of its own. */
interface Named {
  readonly what: "channel" | "type";
  readonly name: string;
}

/** Other names for channels and for types of map objects. */
export function RenamePanel(props: RenamePanelProps) {
  const { facts, types, state, setQuietly, history, onRenamed, onError } = props;
  const [chosen, setChosen] = useState(0);
  const [name, setName] = useState("");
  const channels = [...new Set(facts.layers.map(({ channel }) => channel))];
  const all: readonly Named[] = [
    ...channels.map((channel): Named => ({ what: "channel", name: channel })),
    ...types.flatMap((type): Named[] => (type.refType === null ? [{ what: "type", name: type.name }] : [])),
  ];
  const one = all[Math.min(chosen, all.length - 1)];
  if (isExport() || one === undefined) return null;
  const rename = async ({ what, name: from }: Named, to: string) => {
    await send("experiment/rename", { at: state.at, what, from, to });
    // objects that are shown stay shown
    if (what === "type")
      setQuietly((before) => (before.objects === from ? { ...before, objects: to } : before));
    onRenamed();
  };
  const save = async () => {
    await history.perform(async () => {
      await rename(one, name);
      return {
        undo: () => rename({ ...one, name }, one.name),
        redo: () => rename(one, name),
      };
    });
    setName("");
  };
  return (
    <details className="rename">
      <summary>Rename</summary>
      <form
        aria-label="Rename"
        onSubmit={(event) => {
          event.preventDefault();
          save().catch((error: Error) => onError(error.message));
        }}
      >
        <label className="row">
          What
          <select value={all.indexOf(one)} onChange={({ target }) => setChosen(Number(target.value))}>
            {all.map(({ what, name: own }, i) => (
              <option key={`${what} ${own}`} value={i}>
                {what === "channel" ? "channel" : "objects"} {own}
              </option>
            ))}
          </select>
        </label>
        <label className="row">
          New name
          <input type="text" value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />
        </label>
        <div className="actions">
          <button type="submit" disabled={name.trim() === "" || name === one.name}>
            Give it this name
          </button>
        </div>
      </form>
    </details>
  );
}
