/** A scene as Viv's sources of pixels, one a level. */
import { SIGNAL_ABORTED } from "@hms-dbmi/viv";
import type { Places, Scene } from "../scene/scene.ts";

/** The plane of one channel, as Viv hands it through. */
export interface Selection {
  readonly channel: number;
  readonly places: Places;
}

interface TileCall {
  readonly x: number;
  readonly y: number;
  readonly selection: Selection;
  readonly signal?: AbortSignal;
}

/** What Viv's layers read. @param onError  what a tile that did not come says */
export function pixelSources(scene: Scene, onError: (error: Error) => void) {
  return scene.levels.map(({ height, width }, level) => {
    const getTile = async ({ x, y, selection, signal }: TileCall) => {
      try {
        return await scene.tile({ level, row: y, column: x, ...selection }, signal);
      } catch (error) {
        if (signal?.aborted) throw SIGNAL_ABORTED;
        throw error;
      }
    };
    return {
      shape: [1, height, width],
      dtype: scene.dtype,
      labels: ["c", "y", "x"],
      tileSize: scene.tileSize,
      getTile,
      // the coarsest level is one tile wherever the whole fits into one
      getRaster: ({ selection, signal }: Omit<TileCall, "x" | "y">) =>
        getTile({ x: 0, y: 0, selection, ...(signal && { signal }) }),
      onTileError: onError,
    };
  });
}
