import type { Layer } from "@deck.gl/core";
import { useCallback, useMemo, useRef } from "react";
import { mixed } from "../core/mix.ts";
import { StageKeys } from "../core/StageKeys.tsx";
import { StageView } from "../core/StageView.tsx";
import { wholeView } from "../core/stage.ts";
import { useSize } from "../core/useSize.ts";
import type { ViewState } from "../core/viewState.ts";
import { SliderPanel } from "../panels/SliderPanel.tsx";
import type { MapHand } from "../plan/planForm.ts";
import type { SeenFrame } from "../scene/liveScene.ts";
import type { Scene } from "../scene/scene.ts";
import { DrawBox } from "./DrawBox.tsx";
import { type PlacedFrame, type StageBox, umOf } from "./places.ts";

/** What a hand on the stage does, besides moving it. */
export type StageHand = MapHand | "explore" | undefined;

interface StageProps {
  readonly scene: Scene | undefined;
  /** The newest ones, where they are followed. */
  readonly frames: readonly SeenFrame[];
  readonly newest: SeenFrame | undefined;
  readonly saved: Scene | undefined;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The newest frame, where it says where it was taken. */
  readonly anchor: PlacedFrame | undefined;
  /** Below and above the image. */
  readonly under: readonly Layer[];
  readonly over: readonly Layer[];
  readonly hand: StageHand;
  readonly onHand: (hand: StageHand) => void;
  /** A part of the stage; without extent: a point of it. */
  readonly onDraw: (box: StageBox, fieldUm: readonly [number, number]) => void;
  readonly note: string;
  readonly onSlide: () => void;
  readonly onError: (message: string) => void;
}

const HINTS: Readonly<Record<NonNullable<StageHand>, string>> = {
  explore: "Click a place, or drag over a part: tiles that cover it are queued",
  position: "Click a position of the plan",
  region: "Drag over the part that the plan's tiles cover",
};

/** The stage of a microscope: its newest image in place, where it has been, what is planned; hands that choose places of it. */
export function LiveStage(props: StageProps) {
  const { scene, frames, newest, saved, state, setState, anchor, under, over, hand, onHand, note } = props;
  const { onDraw, onSlide, onError } = props;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const place = useCallback(
    (axis: string, index: number) => {
      onSlide();
      setState((before) => ({ ...before, places: { ...before.places, [axis]: index } }));
    },
    [setState, onSlide],
  );
  const picture = useMemo(
    () => (newest && scene ? pictureOf(frames, newest, state) : undefined),
    [frames, newest, scene, state],
  );
  return (
    <div className="frame" ref={frame}>
      {scene === undefined && <p className="message">No image has come yet.</p>}
      {scene !== undefined && size.width > 0 && (
        <>
          <StageView
            {...{ scene, state, size, onError, under, layers: over }}
            {...(picture && { picture })}
            onView={(view) => setState((before) => ({ ...before, view }))}
            onPlace={() => {}}
          />
          <StageKeys
            {...{ scene, state, size, onPlace: place }}
            onView={(view) => setState((before) => ({ ...before, view }))}
          />
          {hand !== undefined && anchor !== undefined && (
            <DrawBox
              view={state.view ?? wholeView(scene, size)}
              {...{ size, label: HINTS[hand] }}
              onBox={(from, to) => onDraw(boxOf(anchor, from, to), fieldOf(anchor))}
            />
          )}
        </>
      )}
      {newest !== undefined && (
        <div className="live-bar">
          <output aria-label="Newest image">{axesText(newest)}</output>
          {anchor !== undefined && (
            <button
              type="button"
              aria-pressed={hand === "explore"}
              onClick={() => onHand(hand === "explore" ? undefined : "explore")}
            >
              Queue tiles by hand
            </button>
          )}
          <output aria-label="Hint">{hand === undefined ? "" : HINTS[hand]}</output>
          <output aria-label="Queued">{note}</output>
        </div>
      )}
      <SliderPanel sliders={saved?.sliders ?? []} places={state.places} onPlace={place} />
    </div>
  );
}

function boxOf(
  anchor: PlacedFrame,
  from: readonly [number, number],
  to: readonly [number, number],
): StageBox {
  const [[left, upper], [right, lower]] = [umOf(anchor, from), umOf(anchor, to)];
  return { left, upper, right, lower };
}

function fieldOf({ width, height, pixelSizeUm }: PlacedFrame): readonly [number, number] {
  return [width * pixelSizeUm, height * pixelSizeUm];
}

/** All channels of the newest place: one that has not come there yet would show another. */
function pictureOf(
  frames: readonly SeenFrame[],
  newest: SeenFrame,
  { channels }: ViewState,
): ImageData | undefined {
  const tiles = frames.map(({ values, place }, i) =>
    channels[i]?.isVisible && channels[i].limits && String(place) === String(newest.place)
      ? values
      : undefined,
  );
  const { height, width } = frames[0].values;
  return mixed(tiles, channels) ?? new ImageData(width, height);
}

function axesText({ axes }: SeenFrame): string {
  return Object.entries(axes)
    .map(([axis, value]) => `${axis} ${value}`)
    .join(" · ");
}
