import type { Layer } from "@deck.gl/core";
import { useEffect, useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import { openImageScene, type Scene } from "../scene/scene.ts";
import { LABEL_OPACITY } from "./LabelsPanel.tsx";
import { labelLayer } from "./layer.ts";

interface LabelOptions {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly onError: (message: string) => void;
}

/** The label image that the state names, or that the scene is, as a layer in colours. */
export function useLabelLayers({ scene, state, onError }: LabelOptions): Layer[] {
  const { at, labels, places, labelOpacity } = state;
  const [opened, setOpened] = useState<{ readonly key: string; readonly scene: Scene }>();
  const isOwn = scene.image?.isLabels ?? false;
  const name = isOwn || scene.image === undefined ? undefined : labels;
  const key = JSON.stringify([at, name]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `onError` is another function at each drawing
  useEffect(() => {
    if (name === undefined) return;
    const gone = new AbortController();
    openImageScene(at, name, gone.signal).then(
      (made) => setOpened({ key, scene: made }),
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [at, name, key]);
  const shown = isOwn ? scene : name !== undefined && opened?.key === key ? opened.scene : undefined;
  if (shown === undefined) return [];
  const opacity = labelOpacity ?? (isOwn ? 1 : LABEL_OPACITY);
  const tell = (error: Error) => onError(error.message);
  return [labelLayer({ labels: shown, over: scene.levels[0], places, opacity, onError: tell })];
}
