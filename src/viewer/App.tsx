import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { StageView } from "./core/StageView.tsx";
import { wholeView } from "./core/stage.ts";
import { useAddressState } from "./core/useAddressState.ts";
import { useKeyboard } from "./core/useKeyboard.ts";
import { useScene } from "./core/useScene.ts";
import { useSize } from "./core/useSize.ts";
import { channelsFor, START, type ViewState } from "./core/viewState.ts";
import { LiveView } from "./live/LiveView.tsx";
import { Browser } from "./panels/Browser.tsx";
import { ChannelPanel } from "./panels/ChannelPanel.tsx";
import { JobsPanel } from "./panels/JobsPanel.tsx";
import { ObjectsPanel } from "./panels/ObjectsPanel.tsx";
import { objectAt, objectLayers } from "./panels/objects.ts";
import { ImagePlate, MapPlates } from "./panels/PlatePanel.tsx";
import { SliderPanel } from "./panels/SliderPanel.tsx";
import { useObjects } from "./panels/useObjects.ts";
import { PlanView } from "./plan/PlanView.tsx";
import { LIVE_AT, PLAN_AT, SEARCH_AT } from "./scene/api.ts";
import type { Scene } from "./scene/scene.ts";
import { viewOfBox } from "./scene/scene.ts";
import { SearchView } from "./search/SearchView.tsx";
import { useDroppedFiles } from "./search/useSearch.ts";

/** The page. */
export function App() {
  const [state, setState] = useAddressState();
  const [error, setError] = useState<string>();
  const [attempt, setAttempt] = useState(0);
  const { kind, scene } = useScene(state, attempt, setError);
  const open = useCallback(
    (at: string) => {
      setError(undefined);
      setState(({ theme }) => ({ ...START, at, ...(theme && { theme }) }));
    },
    [setState],
  );
  const tell = useCallback((message: string) => setError(message), []);
  useDroppedFiles(useCallback(() => open(SEARCH_AT), [open]));
  // an image of as many channels as the last one is shown as that was
  useEffect(() => {
    if (scene === undefined) return;
    setState((before) =>
      before.channels.length === scene.channels.length ? before : { ...before, channels: channelsFor(scene) },
    );
  }, [scene, setState]);
  useEffect(() => {
    document.documentElement.dataset.theme = state.theme ?? "";
    document.title = scene ? `${scene.title} · Vitrine` : "Vitrine";
  }, [state.theme, scene]);
  return (
    <>
      <Header state={state} onOpen={open} onTheme={(theme) => setState((before) => ({ ...before, theme }))} />
      {error !== undefined && (
        <div className="error" role="alert">
          <span>{error}</span>
          <button type="button" onClick={() => setError(undefined)} aria-label="Close the message">
            ✕
          </button>
        </div>
      )}
      <main>
        {kind === "folder" && <Browser at={state.at} onOpen={open} onError={tell} />}
        {kind === "live" && <LiveView state={state} setState={setState} onOpen={open} onError={tell} />}
        {kind === "plan" && <PlanView onError={tell} />}
        {kind === "search" && <SearchView state={state} setState={setState} onError={tell} />}
        {kind === "job" && (
          <div className="browser">
            <h1>{nameOf(state.at)}</h1>
            <JobsPanel at={state.at} onError={tell} />
          </div>
        )}
        {kind === "scene" && scene !== undefined && state.channels.length > 0 && (
          <SceneView key={state.at} scene={scene} state={state} setState={setState} onError={tell} />
        )}
        {kind === "scene" && scene === undefined && error !== undefined && (
          <div className="message">
            <h1>{nameOf(state.at)}</h1>
            <p>Nothing can be shown here. The message above says why.</p>
            <JobsPanel at={state.at} onError={tell} />
            <button
              type="button"
              onClick={() => {
                setError(undefined);
                setAttempt((last) => last + 1);
              }}
            >
              Look again
            </button>
          </div>
        )}
        {kind === "scene" && scene === undefined && error === undefined && (
          <p className="message">Opening…</p>
        )}
      </main>
    </>
  );
}

/** Of what is no file. */
const NAMES: Readonly<Record<string, string>> = {
  [LIVE_AT]: "Acquisition",
  [PLAN_AT]: "Plan",
  [SEARCH_AT]: "Search",
};

/** Last part of an address. */
function nameOf(at: string): string {
  return at.split("/").at(-1) ?? at;
}

interface HeaderProps {
  readonly state: ViewState;
  readonly onOpen: (at: string) => void;
  readonly onTheme: (theme: "dark" | "light") => void;
}

function Header({ state: { at, theme }, onOpen, onTheme }: HeaderProps) {
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
              {NAMES[part] ?? part}
            </button>
          );
        })}
      </nav>
      <button
        type="button"
        onClick={() => onTheme(isDark ? "light" : "dark")}
        aria-label={isDark ? "Light colours" : "Dark colours"}
      >
        {isDark ? "☀" : "☾"}
      </button>
    </header>
  );
}

interface SceneViewProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  readonly onError: (message: string) => void;
}

function SceneView({ scene, state, setState, onError }: SceneViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const [chosen, setChosen] = useState<number>();
  const { drawn, colors } = useObjects({ scene, state, size, onError });
  const layers = useMemo(() => (drawn ? objectLayers(drawn, colors, chosen) : []), [drawn, colors, chosen]);
  const change = useCallback(
    (some: Partial<ViewState>) => setState((before) => ({ ...before, ...some })),
    [setState],
  );
  const place = useCallback(
    (axis: string, index: number) =>
      setState((before) => ({ ...before, places: { ...before.places, [axis]: index } })),
    [setState],
  );
  const view = state.view ?? wholeView(scene, size);
  useKeyboard({
    view,
    whole: wholeView(scene, size),
    scene,
    places: state.places,
    onView: (next) => change({ view: next }),
    onPlace: place,
  });
  return (
    <div className="scene">
      <div className="frame" ref={frame}>
        {size.width > 0 && (
          <StageView
            {...{ scene, state, size, layers, onError }}
            onView={(next) => change({ view: next })}
            onPlace={(place, pixel) => setChosen(drawn && objectAt(drawn, place, pixel))}
          />
        )}
        <SliderPanel sliders={scene.sliders} places={state.places} onPlace={place} />
      </div>
      <aside aria-label="Controls">
        <Facts scene={scene} onWhole={() => change({ view: wholeView(scene, size) })} />
        <ImageChoice
          scene={scene}
          state={state}
          onImage={(image) => setState((before) => ({ ...before, image }))}
        />
        <ChannelPanel
          scene={scene}
          places={state.places}
          channels={state.channels}
          onChange={(index, some) =>
            setState((before) => ({
              ...before,
              channels: before.channels.map((channel, i) =>
                i === index ? { ...channel, ...some } : channel,
              ),
            }))
          }
        />
        {scene.experiment !== undefined && (
          <>
            <MapPlates
              parts={scene.experiment.parts}
              at={view}
              onBox={(box) => change({ view: viewOfBox(box, size) })}
            />
            <ObjectsPanel
              types={scene.experiment.types}
              {...{ state, drawn, colors, chosen }}
              onChange={(some) => {
                setChosen(undefined);
                setState(({ objects, feature, ...before }) => ({ ...before, ...some }));
              }}
            />
            <JobsPanel at={state.at} onError={onError} />
          </>
        )}
      </aside>
    </div>
  );
}

function Facts({ scene, onWhole }: { readonly scene: Scene; readonly onWhole: () => void }) {
  const { width, height } = scene.levels[0];
  return (
    <section aria-label="Image">
      <h1>{scene.title}</h1>
      <p className="note">
        {width} × {height} px, {scene.dtype.toLowerCase()}
        {scene.pixel && `, ${Number(scene.pixel.size.toPrecision(4))} ${scene.pixel.unit}/px`}
      </p>
      {scene.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      <button type="button" onClick={onWhole} title="Key 0">
        Show all
      </button>
    </section>
  );
}

/** Fields of a plate, or the images and labels of a file that holds several. */
function ImageChoice({
  scene,
  state,
  onImage,
}: {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly onImage: (image: string) => void;
}) {
  const facts = scene.image;
  if (facts === undefined) return null;
  const image = state.image ?? facts.images[0];
  const names = [...(facts.plate === null ? facts.images : [image]), ...facts.labels];
  return (
    <>
      {facts.plate !== null && <ImagePlate plate={facts.plate} image={image} onImage={onImage} />}
      {new Set(names).size > 1 && (
        <label className="row">
          Image
          <select value={image} onChange={(event) => onImage(event.target.value)}>
            {[...new Set(names)].map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}
