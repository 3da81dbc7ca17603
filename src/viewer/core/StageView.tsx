import type { Layer } from "@deck.gl/core";
import { type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { Scene } from "../scene/scene.ts";
import { imageLayer } from "./image/imageLayer.ts";
import { Overview } from "./Overview.tsx";
import { Readout } from "./Readout.tsx";
import { ScaleBar } from "./ScaleBar.tsx";
import { createStage, pictureLayer, type Stage, type View, wholeView } from "./stage.ts";
import { MOST_SHOWN, type ViewState } from "./viewState.ts";

/** What {@link StageView} shows. */
export interface StageProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly size: { readonly width: number; readonly height: number };
  /** Over the image. */
  readonly layers: readonly Layer[];
  /** Below it. */
  readonly under?: readonly Layer[];
  readonly onView: (view: View) => void;
  /** A click, in pixels of full resolution; `pixel` of the screen are so many of them. */
  readonly onPlace: (place: readonly [x: number, y: number], pixel: number) => void;
  readonly onError: (message: string) => void;
  /** In place of the scene's tiles, where these change all the time. */
  readonly picture?: ImageData;
  /** The image alone, without scale bar, values and overview: another stage shows them. */
  readonly isBare?: boolean;
  /** How those who do not see it tell it from others; default: the image's name. */
  readonly label?: string;
}

/** The image with what lies over it: scale bar, values under the pointer, overview. */
export function StageView({
  scene,
  state,
  size,
  layers,
  under = [],
  onView,
  onPlace,
  onError,
  picture,
  isBare = false,
  label,
}: StageProps) {
  const parent = useRef<HTMLDivElement>(null);
  const stage = useRef<Stage>(undefined);
  const events = useRef({ onView, onPlace });
  events.current = { onView, onPlace };
  const pointer = useRef<(place: Pointer) => void>(() => {});
  const view = state.view ?? wholeView(scene, size);

  useEffect(() => {
    const made = createStage(parent.current!, {
      onView: (next) => events.current.onView(next),
      onClick: (place, pixel) => events.current.onPlace(place, pixel),
      onPointer: (place) => pointer.current(place),
    });
    stage.current = made;
    return () => made.remove();
  }, []);

  const tiles = useImageLayer({ scene, state, onError });
  const image = picture === undefined ? tiles : pictureLayer(picture);
  useEffect(() => {
    stage.current?.show(view, [...under, image, ...layers]);
  });

  return (
    <section className="stage" aria-label={label ?? `Image ${scene.title}`}>
      <div ref={parent} className="canvas" data-testid={isBare ? "canvas over it" : "canvas"} />
      {picture === undefined && !isBare && (
        <Overview scene={scene} state={state} view={view} size={size} onView={onView} />
      )}
      {!isBare && <ScaleBar scene={scene} zoom={view.zoom} />}
      {!isBare && <PointerReadout scene={scene} state={state} told={pointer} zoom={view.zoom} />}
    </section>
  );
}

/** A pixel of full resolution; undefined: the pointer is elsewhere. */
type Pointer = readonly [x: number, y: number] | undefined;

interface PointerProps extends Pick<StageProps, "scene" | "state"> {
  readonly told: RefObject<(place: Pointer) => void>;
  readonly zoom: number;
}

/** Moves of the pointer change this alone: the stage need not be drawn anew. */
function PointerReadout({ told, ...shown }: PointerProps) {
  const [pointer, setPointer] = useState<Pointer>();
  useEffect(() => {
    told.current = setPointer;
  }, [told]);
  return <Readout {...shown} pointer={pointer} />;
}

function useImageLayer({ scene, state, onError }: Pick<StageProps, "scene" | "state" | "onError">): Layer {
  const tell = useRef(onError);
  tell.current = onError;
  const { channels: all, places } = state;
  // the same layer as long as it shows the same: another one is drawn anew
  return useMemo(() => {
    const channels = all.flatMap(({ isVisible }, i) => (isVisible ? [i] : [])).slice(0, MOST_SHOWN);
    const shown = channels.map((i) => all[i]);
    return imageLayer({ scene, channels, shown, places, onError: (error) => tell.current(error.message) });
  }, [scene, all, places]);
}
