import { useLayoutEffect, useMemo, useRef, useState } from "react";
import type { LiveState, WantedTile } from "../../acquire/index.ts";
import { useLive } from "../core/useLive.ts";
import { mergedChannels, useSceneChannels } from "../core/useSceneChannels.ts";
import type { ViewState } from "../core/viewState.ts";
import { SceneChannels } from "../panels/SceneChannels.tsx";
import { PlanPanel } from "../plan/PlanPanel.tsx";
import { planOf } from "../plan/planForm.ts";
import { planLayers } from "../plan/planLayers.ts";
import { usePlanForm } from "../plan/usePlanForm.ts";
import { usePlanned } from "../plan/usePlanned.ts";
import { send } from "../scene/api.ts";
import { liveScene } from "../scene/liveScene.ts";
import { LiveStage, type StageHand } from "./LiveStage.tsx";
import { mosaicLayers } from "./mosaic.ts";
import { type PlacedFrame, pixelAt, placedFrame, type StageBox, tilesOver } from "./places.ts";
import { StatusPanel } from "./StatusPanel.tsx";
import { useFrames } from "./useFrames.ts";
import { useSaved } from "./useSaved.ts";

interface LiveProps {
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: LiveProps["setState"];
  readonly onOpen: (at: string) => void;
  readonly onError: (message: string) => void;
}

/** Tiles of one wish, as the server takes them. */
const MOST_TILES = 400;

/** An acquisition while it runs: the newest image of each channel on the map of the stage, or a saved one that sliders choose; its plans. */
export function LiveView({ state, setState, setQuietly, onOpen, onError }: LiveProps) {
  const { value: facts, isLinked } = useLive<LiveState>("acquisition", {}, onError);
  const { frames, newest: last, mosaic } = useFrames(onError);
  const saved = useSaved(facts);
  const [isFollowing, setFollowing] = useState(true);
  const [hand, setHand] = useState<StageHand>();
  const [note, setNote] = useState("");
  const [form, onForm] = usePlanForm();
  const planned = usePlanned(form, facts?.microscope.fieldUm ?? null);
  const newest = useMemo(() => (frames.length > 0 ? liveScene(frames) : undefined), [frames]);
  const scene = isFollowing ? (newest ?? saved) : (saved ?? newest);
  useSceneChannels(scene, setQuietly);
  // a channel that has just come is drawn at once: the state gets it after
  const shown = { ...state, channels: scene === undefined ? [] : mergedChannels(scene, state) };
  const anchor = useMemo(() => (isFollowing ? placedFrame(last) : undefined), [isFollowing, last]);
  useStillMap(anchor, hand !== undefined, setQuietly);
  const under = anchor
    ? mosaicLayers(mosaic, anchor, { channels: shown.channels, names: frames.map(({ channel }) => channel) })
    : [];
  if (facts === undefined) return <p className="message">Waiting for the acquisition…</p>;
  const tell = (error: Error) => onError(error.message);
  const queue = (tiles: readonly WantedTile[]) => {
    if (tiles.length > MOST_TILES)
      return onError(
        `${tiles.length} tiles lie there; at most ${MOST_TILES} are queued at once. Drag over less.`,
      );
    send("acquisition/queue", { tiles }).then(() => setNote(queuedText(tiles)), tell);
  };
  const draw = (box: StageBox, field: readonly [number, number]) => {
    if (hand === "explore") queue(tilesOver(box, field));
    else if (hand === "position")
      onForm({
        positions: [...form.positions, { name: "", xUm: box.left, yUm: box.upper, zUm: Number.NaN }],
      });
    else if (box.right > box.left && box.lower > box.upper) {
      onForm({ grid: { ...form.grid, isOn: true, region: box } });
      setHand(undefined);
    }
  };
  const run = () =>
    send("acquisition/run", { plan: planOf(form) }).then(
      async (response) => setNote(`Queued ${((await response.json()) as { events: number }).events} images`),
      tell,
    );
  return (
    <div className="scene">
      <LiveStage
        key={isFollowing ? "newest" : "saved"}
        {...{ setState, onError, scene, saved, anchor, hand, note }}
        state={shown}
        frames={isFollowing ? frames : []}
        newest={isFollowing ? last : undefined}
        under={under}
        over={anchor ? planLayers(planned, anchor) : []}
        onHand={setHand}
        onDraw={draw}
        onSlide={() => setFollowing(false)}
      />
      <aside aria-label="Controls">
        <StatusPanel {...{ facts, isLinked, onError, onOpen }} />
        {!isFollowing && (
          <button type="button" onClick={() => setFollowing(true)}>
            Follow the newest image
          </button>
        )}
        {scene !== undefined && <SceneChannels state={shown} {...{ scene, setState, setQuietly }} />}
        <PlanPanel
          {...{ form, onForm, planned, onError }}
          microscope={facts.microscope}
          hand={hand === "explore" ? undefined : hand}
          onHand={setHand}
          onRun={facts.state === "running" ? run : undefined}
        />
      </aside>
    </div>
  );
}

/** While a hand draws, the map stays where it is on the screen though the newest image, which it is drawn about, is another one. */
function useStillMap(
  anchor: PlacedFrame | undefined,
  isStill: boolean,
  setQuietly: LiveProps["setState"],
): void {
  const last = useRef<PlacedFrame>(undefined);
  useLayoutEffect(() => {
    const before = last.current;
    last.current = anchor;
    if (!isStill || before === undefined || anchor === undefined) return;
    const [from, to] = [pixelAt(before, before.place), pixelAt(anchor, before.place)];
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    if (dx === 0 && dy === 0) return;
    setQuietly(({ view, ...state }) =>
      view === undefined ? state : { ...state, view: { ...view, x: view.x + dx, y: view.y + dy } },
    );
  }, [anchor, isStill, setQuietly]);
}

function queuedText(tiles: readonly WantedTile[]): string {
  const [{ xUm, yUm }] = tiles;
  const place = `x ${xUm.toFixed(1)}, y ${yUm.toFixed(1)} µm`;
  return tiles.length === 1 ? `Queued ${place}` : `Queued ${tiles.length} tiles from ${place}`;
}
