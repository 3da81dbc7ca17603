import { useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import { SceneChannels } from "../panels/SceneChannels.tsx";
import type { Scene } from "../scene/scene.ts";
import type { CompareMode, Comparison } from "./compareState.ts";
import type { Compared } from "./useCompared.ts";

type Change = (change: (before: ViewState) => ViewState) => void;

interface CompareProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly compared: Compared | undefined;
  readonly setState: Change;
  readonly setQuietly: Change;
}

/** With which image, or with which other channels, an image is compared, and how both are shown. */
export function ComparePanel(props: CompareProps) {
  const { scene, state, compared, setState, setQuietly } = props;
  const { compare } = state;
  const own = scene.image?.plate === null ? scene.image.images : [];
  return (
    <details className="compare" open={compare !== undefined}>
      <summary>Compare</summary>
      <label className="row">
        Show both
        <select
          value={compare?.mode ?? ""}
          onChange={({ target }) => setState((before) => withMode(before, target.value))}
        >
          <option value="">not</option>
          <option value="side">side by side</option>
          <option value="split">parted by a line</option>
          <option value="lens">through a lens</option>
        </select>
      </label>
      {compare !== undefined && (
        <>
          {compare.mode !== "side" && (
            <label className="row">
              {compare.mode === "lens" ? "Lens" : "Line"}
              <input
                type="range"
                min={0}
                max={1}
                step={0.01}
                value={compare.part}
                onChange={({ target }) => setState((before) => withPart(before, target.valueAsNumber))}
              />
            </label>
          )}
          {own.length > 1 && (
            <label className="row">
              With image
              <select
                value={compare.image ?? ""}
                onChange={({ target }) => setState((before) => withOther(before, { image: target.value }))}
              >
                <option value="">this one</option>
                {own.map((name) => (
                  <option key={name}>{name}</option>
                ))}
              </select>
            </label>
          )}
          <OtherAddress compare={compare} onAt={(at) => setState((before) => withOther(before, { at }))} />
        </>
      )}
      {compared !== undefined && (
        <SceneChannels
          title="Channels of the other image"
          scene={compared.scene}
          state={compared.state}
          setState={(change) => setState((before) => withChannels(before, compared.state, change))}
          setQuietly={(change) => setQuietly((before) => withChannels(before, compared.state, change))}
        />
      )}
    </details>
  );
}

function OtherAddress({
  compare,
  onAt,
}: {
  readonly compare: Comparison;
  readonly onAt: (at: string) => void;
}) {
  const [text, setText] = useState(compare.at ?? "");
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        onAt(text.trim());
      }}
    >
      <label>
        Address
        <input value={text} placeholder="this one" onChange={({ target }) => setText(target.value)} />
      </label>
      <button type="submit">Open</button>
    </form>
  );
}

function withMode({ compare, ...before }: ViewState, mode: string): ViewState {
  if (mode === "") return before;
  return { ...before, compare: { part: 0.5, channels: [], ...compare, mode: mode as CompareMode } };
}

/** The state with another place of the line, or size of the lens. */
export function withPart(before: ViewState, part: number): ViewState {
  return before.compare === undefined ? before : { ...before, compare: { ...before.compare, part } };
}

function withOther(before: ViewState, other: { readonly at?: string; readonly image?: string }): ViewState {
  if (before.compare === undefined) return before;
  const { at, image, ...compare } = before.compare;
  const next = {
    ...(at !== undefined && { at }),
    ...(image !== undefined && other.at === undefined && { image }),
    ...other,
  };
  const given = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== ""));
  return { ...before, compare: { ...compare, ...given, channels: [] } };
}

/** Channels of the other image are changed as if they were the state's own. */
function withChannels(
  before: ViewState,
  shown: ViewState,
  change: (state: ViewState) => ViewState,
): ViewState {
  if (before.compare === undefined) return before;
  const { channels } = change({ ...shown, channels: before.compare.channels });
  return { ...before, compare: { ...before.compare, channels } };
}
