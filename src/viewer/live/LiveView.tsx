import { useCallback, useEffect, useMemo, useRef, useState } from "react";
import { mixed } from "../core/mix.ts";
import { StageView } from "../core/StageView.tsx";
import { wholeView } from "../core/stage.ts";
import { useKeyboard } from "../core/useKeyboard.ts";
import { useLive } from "../core/useLive.ts";
import { mergedChannels, useSceneChannels } from "../core/useSceneChannels.ts";
import { useSize } from "../core/useSize.ts";
import type { ViewState } from "../core/viewState.ts";
import { SceneChannels } from "../panels/SceneChannels.tsx";
import { SliderPanel } from "../panels/SliderPanel.tsx";
import { type AcquisitionFacts, send } from "../scene/api.ts";
import { type LiveFrame, liveScene } from "../scene/liveScene.ts";
import { openImageScene, type Scene } from "../scene/scene.ts";
import { StatusPanel } from "./StatusPanel.tsx";
import { useFrames } from "./useFrames.ts";

interface LiveProps {
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  readonly onOpen: (at: string) => void;
  readonly onError: (message: string) => void;
}

/** Time between two looks at how many images are saved, ms. */
const LOOK_MS = 2000;

/** An acquisition while it runs: the newest image of each channel, or a saved one that sliders choose. */
export function LiveView({ state, setState, onOpen, onError }: LiveProps) {
  const { value: facts, isLinked } = useLive<AcquisitionFacts>("acquisition", {}, onError);
  const frames = useFrames(onError);
  const saved = useSaved(facts);
  const [isFollowing, setFollowing] = useState(true);
  const newest = useMemo(() => (frames.length > 0 ? liveScene(frames) : undefined), [frames]);
  const scene = isFollowing ? newest : (saved ?? newest);
  useSceneChannels(scene, setState);
  if (facts === undefined) return <p className="message">Waiting for the acquisition…</p>;
  // a channel that has just come is drawn at once: the state gets it after
  const shown = { ...state, channels: scene === undefined ? [] : mergedChannels(scene, state) };
  return (
    <div className="scene">
      <Stage
        key={isFollowing ? "newest" : "saved"}
        {...{ setState, onError }}
        state={shown}
        scene={scene}
        frames={isFollowing ? frames : []}
        saved={saved}
        onSlide={() => setFollowing(false)}
      />
      <aside aria-label="Controls">
        <StatusPanel {...{ facts, isLinked, onError, onOpen }} />
        {!isFollowing && (
          <button type="button" onClick={() => setFollowing(true)}>
            Follow the newest image
          </button>
        )}
        {scene !== undefined && <SceneChannels state={shown} {...{ scene, setState }} />}
      </aside>
    </div>
  );
}

interface StageProps extends Pick<LiveProps, "state" | "setState" | "onError"> {
  readonly scene: Scene | undefined;
  /** The newest ones, where they are followed. */
  readonly frames: readonly LiveFrame[];
  readonly saved: Scene | undefined;
  readonly onSlide: () => void;
}

function Stage({ scene, frames, saved, state, setState, onSlide, onError }: StageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const [isExploring, setExploring] = useState(false);
  const [note, setNote] = useState("");
  const place = useCallback(
    (axis: string, index: number) => {
      onSlide();
      setState((before) => ({ ...before, places: { ...before.places, [axis]: index } }));
    },
    [setState, onSlide],
  );
  const picture = useMemo(
    () => (frames.length > 0 && scene !== undefined ? pictureOf(frames, state) : undefined),
    [frames, scene, state],
  );
  const explore = (at: readonly [number, number]) => {
    const tile = isExploring ? tileAt(frames.at(-1), at) : undefined;
    if (tile === undefined) return;
    send("acquisition/queue", { tiles: [tile] }).then(
      () => setNote(`Queued x ${tile.xUm.toFixed(1)}, y ${tile.yUm.toFixed(1)} µm`),
      (error: Error) => onError(error.message),
    );
  };
  const last = frames.at(-1);
  return (
    <div className="frame" ref={frame}>
      {scene === undefined && <p className="message">No image has come yet.</p>}
      {scene !== undefined && size.width > 0 && (
        <>
          <StageView
            {...{ scene, state, size, onError, layers: NONE }}
            {...(picture && { picture })}
            onView={(view) => setState((before) => ({ ...before, view }))}
            onPlace={explore}
          />
          <Keys {...{ scene, state, setState, size, place }} />
        </>
      )}
      {last !== undefined && (
        <div className="live-bar">
          <output aria-label="Newest image">{axesText(last)}</output>
          {last.place !== null && (
            <button type="button" aria-pressed={isExploring} onClick={() => setExploring(!isExploring)}>
              Queue a tile where I click
            </button>
          )}
          <output aria-label="Queued tile">{note}</output>
        </div>
      )}
      <SliderPanel sliders={saved?.sliders ?? []} places={state.places} onPlace={place} />
    </div>
  );
}

const NONE: readonly never[] = [];

function Keys({
  scene,
  state,
  setState,
  size,
  place,
}: Pick<LiveProps, "state" | "setState"> & {
  readonly scene: Scene;
  readonly size: { readonly width: number; readonly height: number };
  readonly place: (axis: string, index: number) => void;
}) {
  const whole = wholeView(scene, size);
  useKeyboard({
    ...{ scene, whole },
    view: state.view ?? whole,
    places: state.places,
    onView: (view) => setState((before) => ({ ...before, view })),
    onPlace: place,
  });
  return null;
}

/** The folder that is written, as it is now: its planes become more. */
function useSaved(facts: AcquisitionFacts | undefined): Scene | undefined {
  const [saved, setSaved] = useState<Scene>();
  const folder = facts?.folder ?? undefined;
  const isOver = facts?.state === "done" || facts?.state === "failed";
  useEffect(() => {
    if (folder === undefined) return;
    const gone = new AbortController();
    // nothing can be opened before the first image is saved
    const look = () => openImageScene(folder, undefined, gone.signal).then(setSaved, () => {});
    void look();
    const timer = isOver ? undefined : setInterval(look, LOOK_MS);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [folder, isOver]);
  return saved;
}

function pictureOf(frames: readonly LiveFrame[], { channels }: ViewState): ImageData | undefined {
  const tiles = frames.map(({ values }, i) =>
    channels[i]?.isVisible && channels[i].limits ? values : undefined,
  );
  const { height, width } = frames[0].values;
  return mixed(tiles, channels) ?? new ImageData(width, height);
}

/** A pixel of the picture as a place of the stage: its middle is where the stage stood. */
function tileAt(frame: LiveFrame | undefined, [x, y]: readonly [number, number]) {
  if (frame === undefined || frame.place === null || frame.pixelSizeUm <= 0) return undefined;
  const { place, pixelSizeUm, step, width, height } = frame;
  const um = (at: number, length: number) => (at * step - length / 2) * pixelSizeUm;
  return { xUm: place[0] + um(x, width), yUm: place[1] + um(y, height) };
}

function axesText({ axes }: LiveFrame): string {
  return Object.entries(axes)
    .map(([axis, value]) => `${axis} ${value}`)
    .join(" · ");
}
