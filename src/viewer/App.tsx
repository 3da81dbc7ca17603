import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { StageView } from "./core/StageView.tsx";
import { type View, wholeView } from "./core/stage.ts";
import { type History, useHistory } from "./core/useHistory.ts";
import { useKeyboard } from "./core/useKeyboard.ts";
import { useScene } from "./core/useScene.ts";
import { useSize } from "./core/useSize.ts";
import { channelsFor, START, type ViewState } from "./core/viewState.ts";
import { DrawOverlay } from "./draw/DrawOverlay.tsx";
import { DrawPanel } from "./draw/DrawPanel.tsx";
import { useDraw } from "./draw/useDraw.ts";
import { VertexOverlay } from "./draw/VertexOverlay.tsx";
import { LiveView } from "./live/LiveView.tsx";
import { objectAt } from "./objects/drawn.ts";
import { objectLayers } from "./objects/layers.ts";
import { ObjectsDrawer } from "./objects/ObjectsDrawer.tsx";
import { ObjectsPanel } from "./objects/ObjectsPanel.tsx";
import type { ObjectTable } from "./objects/objectTable.ts";
import { SelectionPanel } from "./objects/SelectionPanel.tsx";
import { useObjectModel } from "./objects/useObjectModel.ts";
import { Browser } from "./panels/Browser.tsx";
import { ChannelPanel } from "./panels/ChannelPanel.tsx";
import { JobsPanel } from "./panels/JobsPanel.tsx";
import { ImagePlate, MapPlates } from "./panels/PlatePanel.tsx";
import { SliderPanel } from "./panels/SliderPanel.tsx";
import { isResult, ResultView } from "./results/ResultView.tsx";
import { LIVE_AT, SEARCH_AT } from "./scene/api.ts";
import type { Scene } from "./scene/scene.ts";
import { viewOfBox } from "./scene/scene.ts";
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
  const open = useCallback(
    (at: string) => {
      setError(undefined);
      setState(({ theme }) => ({ ...START, at, ...(theme && { theme }) }));
    },
    [setState],
  );
  useDroppedFiles(useCallback(() => open(SEARCH_AT), [open]));
  // an image of as many channels as the last one is shown as that was
  useEffect(() => {
    if (scene === undefined) return;
    setQuietly((before) =>
      before.channels.length === scene.channels.length ? before : { ...before, channels: channelsFor(scene) },
    );
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
        {isResult(kind) && (
          <ResultView key={state.at} {...{ kind, state, setState }} onOpen={open} onError={tell} />
        )}
        {kind === "search" && <SearchView state={state} setState={setState} onError={tell} />}
        {kind === "job" && (
          <div className="browser">
            <h1>{nameOf(state.at)}</h1>
            <JobsPanel at={state.at} onError={tell} />
          </div>
        )}
        {kind === "scene" && scene !== undefined && state.channels.length > 0 && (
          <SceneView key={state.at} {...{ scene, state, setState, setQuietly, history }} onError={tell} />
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
const NAMES: Readonly<Record<string, string>> = { [LIVE_AT]: "Acquisition", [SEARCH_AT]: "Search" };

/** Last part of an address. */
function nameOf(at: string): string {
  return at.split("/").at(-1) ?? at;
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
              {NAMES[part] ?? part}
            </button>
          );
        })}
      </nav>
      <span className="header-tools">
        <button
          type="button"
          disabled={!history.canUndo}
          onClick={history.undo}
          title="Undo (Ctrl+Z)"
          aria-label="Undo"
        >
          ↶
        </button>
        <button
          type="button"
          disabled={!history.canRedo}
          onClick={history.redo}
          title="Redo (Ctrl+Shift+Z)"
          aria-label="Redo"
        >
          ↷
        </button>
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

interface SceneViewProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: SceneViewProps["setState"];
  readonly history: History;
  readonly onError: (message: string) => void;
}

function SceneView({ scene, state, setState, setQuietly, history, onError }: SceneViewProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const model = useObjectModel({ scene, state, size, onStep: history.push, onError });
  const { drawn, look, table, select } = model;
  const layers = useMemo(() => (drawn ? objectLayers(drawn, look) : []), [drawn, look]);
  const draw = useDraw({
    model,
    places: state.places,
    onType: (objects) => setQuietly((before) => ({ ...before, objects })),
  });
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
      <div className="stage-column">
        <div className="frame" ref={frame}>
          {size.width > 0 && (
            <StageView
              {...{ scene, state, size, layers, onError }}
              onView={(next) => change({ view: next })}
              onPlace={(place, pixel) => {
                const row = table?.rowOf.get((drawn && objectAt(drawn, place, pixel)) ?? -1);
                select(row === undefined ? [] : [row]);
              }}
            />
          )}
          {draw.tool !== "move" && draw.tool !== "edit" && (
            <DrawOverlay
              {...{ view, size }}
              tool={draw.tool}
              onView={(next) => change({ view: next })}
              onShape={draw.onShape}
            />
          )}
          {draw.edited !== undefined && (
            <VertexOverlay {...{ view, size }} geometry={draw.edited} onGeometry={draw.onGeometry} />
          )}
          <SliderPanel sliders={scene.sliders} places={state.places} onPlace={place} />
        </div>
        {state.isTableOpen && (
          <ObjectsDrawer
            {...{ model, state }}
            onChange={setState}
            onRow={(row) => table && change({ view: viewOfRow(table, row, { view, size }) })}
          />
        )}
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
            // limits that follow the values are nobody's step
            (state.channels[index].limits === undefined ? setQuietly : setState)((before) => ({
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
            <ObjectsPanel {...{ model, state }} onChange={setState} />
            <DrawPanel
              tool={draw.tool}
              onTool={draw.setTool}
              traits={draw.traits}
              onTraits={draw.setTraits}
              types={model.types.flatMap(({ name, refType }) => (refType === null ? [name] : []))}
              canEdit={draw.canEdit}
            />
            <SelectionPanel {...{ model, onError }} />
            <JobsPanel at={state.at} onError={onError} />
          </>
        )}
      </aside>
    </div>
  );
}

/** A view in which an object is seen with what lies around it. */
function viewOfRow(
  { x, y, size: sizes }: ObjectTable,
  row: number,
  { view, size }: { readonly view: View; readonly size: { readonly width: number; readonly height: number } },
): View {
  const nearest = Math.log2(Math.min(size.width, size.height) / (6 * Math.max(8, sizes[row])));
  return { x: x[row], y: y[row], zoom: Math.max(view.zoom, nearest) };
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
