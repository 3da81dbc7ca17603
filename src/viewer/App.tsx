import { useCallback, useEffect, useState } from "react";
import { type History, useHistory } from "./core/useHistory.ts";
import { useScene } from "./core/useScene.ts";
import { openedState, START, type ViewState } from "./core/viewState.ts";
import { LiveView } from "./live/LiveView.tsx";
import { Browser } from "./panels/Browser.tsx";
import { JobsPanel } from "./panels/JobsPanel.tsx";
import { PlanView } from "./plan/PlanView.tsx";
import { isResult, ResultView } from "./results/ResultView.tsx";
import { SceneView } from "./SceneView.tsx";
import { webNameOf } from "./scene/address.ts";
import { LIVE_AT, PLAN_AT, SEARCH_AT } from "./scene/api.ts";
import { SearchView } from "./search/SearchView.tsx";
import { useDroppedFiles } from "./search/useSearch.ts";
import { TourStrip } from "./tour/TourStrip.tsx";

/** The page. */
export function App() {
  const [error, setError] = useState<string>();
  const tell = useCallback((message: string) => setError(message), []);
  const { state, setState, setQuietly, history } = useHistory(tell);
  const [attempt, setAttempt] = useState(0);
  const { kind, scene } = useScene(state, attempt, setError);
  const again = useCallback(() => {
    setError(undefined);
    setAttempt((last) => last + 1);
  }, []);
  const open = useCallback(
    (at: string) => {
      setError(undefined);
      setState(({ theme }) => ({ ...START, at, ...(theme && { theme }) }));
    },
    [setState],
  );
  // a second file is dropped on the search that is there
  const isSearch = state.at === SEARCH_AT;
  useDroppedFiles(useCallback(() => isSearch || open(SEARCH_AT), [isSearch, open]));
  useEffect(() => {
    if (scene !== undefined) setQuietly((before) => openedState(before, scene));
  }, [scene, setQuietly]);
  useEffect(() => {
    document.documentElement.dataset.theme = state.theme ?? "";
    document.title = scene ? `${scene.title} · Vitrine` : "Vitrine";
  }, [state.theme, scene]);
  return (
    <>
      <Header
        state={state}
        history={history}
        onOpen={open}
        onTheme={(theme) => setState((before) => ({ ...before, theme }))}
      />
      <TourStrip
        at={state.at}
        onShow={(shown) => {
          setError(undefined);
          setState(({ theme }) => ({ ...shown, ...(theme && { theme }) }));
        }}
        onError={tell}
      />
      {error !== undefined && <Failure message={error} onClose={() => setError(undefined)} />}
      <main>
        {kind === "folder" && <Browser at={state.at} onOpen={open} onError={tell} />}
        {kind === "live" && <LiveView {...{ state, setState, setQuietly }} onOpen={open} onError={tell} />}
        {isResult(kind) && (
          <ResultView
            key={state.at}
            {...{ kind, state, setState, setQuietly }}
            onOpen={open}
            onError={tell}
          />
        )}
        {kind === "plan" && <PlanView onError={tell} />}
        {kind === "search" && <SearchView {...{ state, setState, setQuietly }} onError={tell} />}
        {kind === "job" && (
          <div className="browser">
            <h1>{nameOf(state.at)}</h1>
            <JobsPanel at={state.at} onError={tell} />
          </div>
        )}
        {kind === "scene" && scene !== undefined && state.channels.length > 0 && (
          <SceneView
            key={state.at}
            {...{ scene, state, setState, setQuietly, history }}
            onAgain={again}
            onError={tell}
          />
        )}
        {kind === "scene" && scene === undefined && (
          <NothingShown at={state.at} isOpening={error === undefined} onError={tell} onAgain={again} />
        )}
      </main>
    </>
  );
}

function Failure({ message, onClose }: { readonly message: string; readonly onClose: () => void }) {
  return (
    <div className="error" role="alert">
      <span>{message}</span>
      <button type="button" onClick={onClose} aria-label="Close the message">
        ✕
      </button>
    </div>
  );
}

interface NothingProps {
  readonly at: string;
  /** It may still come. */
  readonly isOpening: boolean;
  readonly onError: (message: string) => void;
  readonly onAgain: () => void;
}

/** In place of what cannot be opened: of an experiment without layers the jobs that make them. */
function NothingShown({ at, isOpening, onError, onAgain }: NothingProps) {
  if (isOpening) return <p className="message">Opening…</p>;
  return (
    <div className="message">
      <h1>{nameOf(at)}</h1>
      <p>Nothing can be shown here. The message above says why.</p>
      {webNameOf(at) === undefined && <JobsPanel at={at} onError={onError} />}
      <button type="button" onClick={onAgain}>
        Look again
      </button>
    </div>
  );
}

/** Of what is no file. */
const NAMES: Readonly<Record<string, string>> = {
  [LIVE_AT]: "Acquisition",
  [PLAN_AT]: "Plan",
  [SEARCH_AT]: "Search",
};

/** Through what was done. */
const STEPS = [
  { name: "Undo", keys: "Ctrl+Z", sign: "↶", can: "canUndo", act: "undo" },
  { name: "Redo", keys: "Ctrl+Shift+Z", sign: "↷", can: "canRedo", act: "redo" },
] as const;

/** Last part of an address. */
function nameOf(at: string): string {
  return webNameOf(at) ?? at.split("/").at(-1) ?? at;
}

interface HeaderProps {
  readonly state: ViewState;
  readonly history: History;
  readonly onOpen: (at: string) => void;
  readonly onTheme: (theme: "dark" | "light") => void;
}

function Header({ state: { at, theme }, history, onOpen, onTheme }: HeaderProps) {
  const parts = at === "" ? [] : at.split("/");
  const isDark = theme === undefined ? matchMedia("(prefers-color-scheme: dark)").matches : theme === "dark";
  return (
    <header>
      <nav aria-label="Place">
        <button type="button" className="brand" onClick={() => onOpen("")}>
          Vitrine
        </button>
        {parts.map((part, i) => {
          const place = parts.slice(0, i + 1).join("/");
          return (
            <button
              type="button"
              key={place}
              onClick={() => onOpen(place)}
              aria-current={place === at ? "page" : undefined}
            >
              {NAMES[part] ?? webNameOf(part) ?? part}
            </button>
          );
        })}
      </nav>
      <span className="header-tools">
        {STEPS.map(({ name, keys, sign, can, act }) => (
          <button
            type="button"
            key={name}
            disabled={!history[can]}
            onClick={history[act]}
            title={`${name} (${keys})`}
            aria-label={name}
          >
            {sign}
          </button>
        ))}
        <button
          type="button"
          onClick={() => onTheme(isDark ? "light" : "dark")}
          aria-label={isDark ? "Light colours" : "Dark colours"}
        >
          {isDark ? "☀" : "☾"}
        </button>
      </span>
    </header>
  );
}
