import type { Layer } from "@deck.gl/core";
import { type ReactNode, useRef } from "react";
import { StageKeys } from "../core/StageKeys.tsx";
import { StageView } from "../core/StageView.tsx";
import { useSize } from "../core/useSize.ts";
import type { ViewState } from "../core/viewState.ts";
import { SliderPanel } from "../panels/SliderPanel.tsx";
import type { Scene } from "../scene/scene.ts";
import type { SetState } from "./resultProps.ts";

interface ResultStageProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: SetState;
  readonly layers: readonly Layer[];
  /** A click, in pixels of full resolution; `pixel` of the screen are so many of them. */
  readonly onPlace?: (place: readonly [x: number, y: number], pixel: number) => void;
  readonly onError: (message: string) => void;
  /** Listens to no keys: another stage beside it does. */
  readonly isSecond?: boolean;
  /** Over the image. */
  readonly children?: ReactNode;
}

/** The image of a result: as any image, with what its module draws over it. */
export function ResultStage(props: ResultStageProps) {
  const { scene, state, setState, layers, onPlace = () => {}, onError, isSecond = false, children } = props;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const onView = (view: NonNullable<ViewState["view"]>) => setState((before) => ({ ...before, view }));
  const place = (axis: string, index: number) =>
    setState((before) => ({ ...before, places: { ...before.places, [axis]: index } }));
  return (
    <div className="frame" ref={frame}>
      {size.width > 0 && <StageView {...{ scene, state, size, layers, onView, onPlace, onError }} />}
      {size.width > 0 && !isSecond && <StageKeys {...{ scene, state, size, onView, onPlace: place }} />}
      {!isSecond && <SliderPanel sliders={scene.sliders} places={state.places} onPlace={place} />}
      {children}
    </div>
  );
}
