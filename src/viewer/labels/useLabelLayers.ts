import type { Layer } from "@deck.gl/core";
import { useEffect, useMemo, useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import type { ObjectModel } from "../objects/useObjectModel.ts";
import { openImageScene, type Scene } from "../scene/scene.ts";
import { labelAt, labelLayer } from "./layer.ts";
import { objectLook, rowsOfLabels } from "./objectLook.ts";
import { LABEL_OPACITY } from "./opacity.ts";

interface LabelOptions {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly model: ObjectModel;
  readonly onError: (message: string) => void;
}

/** What lies over the image, and what a click on it means. */
export interface ShownLabels {
  readonly layers: readonly Layer[];
  /** The row of the label at a place; undefined: none. Left out where no objects of labels are shown. */
  readonly rowAt?: (place: readonly [x: number, y: number]) => Promise<number | undefined>;
}

/** The label image that the state names, or that the scene is, in a colour a label or in those of its objects. */
export function useLabelLayers({ scene, state, model, onError }: LabelOptions): ShownLabels {
  const { places, labelOpacity } = state;
  const isOwn = isLabelScene(scene, state);
  const opened = useOpened({ scene, state, onError });
  const { coloring, brush, selected } = model;
  const table = model.source.isOfLabels ? model.table : undefined;
  const look = useMemo(
    () => objectLook({ table, coloring, brush, selected }),
    [table, coloring, brush, selected],
  );
  const shown = isOwn ? scene : opened;
  if (shown === undefined) return { layers: [] };
  const opacity = labelOpacity ?? (isOwn ? 1 : LABEL_OPACITY);
  const what = { labels: shown, over: scene.levels[0], places };
  const layer = labelLayer({ ...what, opacity, look, onError: (error) => onError(error.message) });
  if (look === undefined || table === undefined) return { layers: [layer] };
  return {
    layers: [layer],
    rowAt: async (place) => rowsOfLabels(table).get(await labelAt(what, place)),
  };
}

/** Whether the image itself is one of labels. */
export function isLabelScene({ image }: Scene, { isLabels = false }: ViewState): boolean {
  return image !== undefined && (image.isLabels || isLabels);
}

/** The label image over the scene; undefined: none, or it is not open yet. */
function useOpened({ scene, state, onError }: Omit<LabelOptions, "model">): Scene | undefined {
  const [opened, setOpened] = useState<{ readonly key: string; readonly scene: Scene }>();
  const { at, labels, labelsAt } = state;
  const isNamed = labels !== undefined || labelsAt !== undefined;
  const isOver = scene.image !== undefined && !isLabelScene(scene, state) && isNamed;
  const key = JSON.stringify([labelsAt ?? at, labels, isOver]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `onError` is another function at each drawing
  useEffect(() => {
    if (!isOver) return;
    const gone = new AbortController();
    openImageScene(labelsAt ?? at, labels, { signal: gone.signal, isLabels: true }).then(
      (made) => setOpened({ key, scene: made }),
      (error: Error) => gone.signal.aborted || onError(error.message),
    );
    return () => gone.abort();
  }, [key]);
  return isOver && opened?.key === key ? opened.scene : undefined;
}
