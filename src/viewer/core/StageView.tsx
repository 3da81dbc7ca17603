import type { Layer } from "@deck.gl/core";
import { useEffect, useMemo, useRef, useState } from "react";
import type { Scene } from "../scene/scene.ts";
import { Overview } from "./Overview.tsx";
import { pixelSources } from "./pixels.ts";
import { Readout } from "./Readout.tsx";
import { ScaleBar } from "./ScaleBar.tsx";
import { createStage, imageLayer, pictureLayer, type Stage, type View, wholeView } from "./stage.ts";
import type { ViewState } from "./viewState.ts";

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
  const [pointer, setPointer] = useState<readonly [number, number]>();
  const view = state.view ?? wholeView(scene, size);

  useEffect(() => {
    const made = createStage(parent.current!, {
      onView: (next) => events.current.onView(next),
      onClick: (place, pixel) => events.current.onPlace(place, pixel),
      onPointer: setPointer,
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
      {!isBare && <Readout scene={scene} state={state} pointer={pointer} zoom={view.zoom} />}
    </section>
  );
}

function useImageLayer({ scene, state, onError }: Pick<StageProps, "scene" | "state" | "onError">): Layer {
  const tell = useRef(onError);
  tell.current = onError;
  const sources = useMemo(() => pixelSources(scene, (error) => tell.current(error.message)), [scene]);
  const visible = state.channels.map(({ isVisible }, i) => (isVisible ? i : -1)).filter((i) => i >= 0);
  const key = JSON.stringify([visible, state.places]);
  // deck.gl reads all tiles anew for another array, so it is the same one while its content is
  const selections = useMemo(() => {
    const [channels, places] = JSON.parse(key) as [number[], ViewState["places"]];
    return channels.map((channel) => ({ channel, places }));
  }, [key]);
  return imageLayer({ scene, sources, selections, shown: visible.map((i) => state.channels[i]) });
}
