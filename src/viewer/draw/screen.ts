/** Places on the map and on the stage. */
import type { View } from "../core/stage.ts";
import type { Position } from "../objects/edits.ts";

/** Width and height of the stage, px. */
export interface StageSize {
  readonly width: number;
  readonly height: number;
}

/** The pixel of the stage that shows a place of the map. */
export function onStage([x, y]: Position, view: View, { width, height }: StageSize): Position {
  const scale = 2 ** view.zoom;
  return [(x - view.x) * scale + width / 2, (y - view.y) * scale + height / 2];
}

/** The place of the map under a pixel of the stage. */
export function onMap([x, y]: Position, view: View, { width, height }: StageSize): Position {
  const scale = 2 ** view.zoom;
  return [view.x + (x - width / 2) / scale, view.y + (y - height / 2) / scale];
}

/** The view zoomed by a wheel about the place under the pointer. */
export function wheelView(view: View, size: StageSize, pointer: Position, delta: number): View {
  const [x, y] = onMap(pointer, view, size);
  const zoom = Math.min(6, Math.max(-16, view.zoom - delta / 200));
  const part = 2 ** (view.zoom - zoom);
  return { x: x + (view.x - x) * part, y: y + (view.y - y) * part, zoom };
}
