/** The drawing: deck.gl with the image and layers over it. */
import { Deck, type Layer, OrthographicView } from "@deck.gl/core";
import { BitmapLayer } from "@deck.gl/layers";
import type { Scene } from "../scene/scene.ts";
import type { ViewState } from "./viewState.ts";

/** Where the stage looks. */
export type View = NonNullable<ViewState["view"]>;

/** What the stage tells. */
export interface StageEvents {
  readonly onView: (view: View) => void;
  /** The pixel under the pointer; undefined: none. */
  readonly onPointer: (place: readonly [x: number, y: number] | undefined) => void;
  /** A click that is no drag, in pixels of full resolution. */
  readonly onClick: (place: readonly [x: number, y: number], pixel: number) => void;
}

/** A stage in an element of the page. */
export interface Stage {
  show(view: View, layers: readonly Layer[]): void;
  remove(): void;
}

/** Deepest and farthest zoom, as log2 of screen pixels a pixel. */
const ZOOMS = { minZoom: -16, maxZoom: 6 };

/** Screen pixels that a hand moves within a click. */
const DRAG = 4;

/** Makes a stage. */
export function createStage(parent: HTMLDivElement, { onView, onPointer, onClick }: StageEvents): Stage {
  const deck = new Deck({
    parent,
    views: new OrthographicView({
      id: "stage",
      flipY: true,
      controller: { keyboard: false, doubleClickZoom: false },
    }),
    onViewStateChange: ({ viewState }) => {
      const [x, y] = viewState.target as [number, number];
      onView({ x, y, zoom: Number(viewState.zoom) });
    },
    getCursor: ({ isDragging }) => (isDragging ? "grabbing" : "crosshair"),
  });
  let shown: View | undefined;
  const placeOf = (at: Offset): readonly [number, number] | undefined => {
    if (shown === undefined) return undefined;
    const pixel = 1 / 2 ** shown.zoom;
    return [shown.x + at[0] * pixel, shown.y + at[1] * pixel];
  };
  listenForClicks(parent, (at) => {
    const place = placeOf(at);
    if (place !== undefined && shown !== undefined) onClick(place, 1 / 2 ** shown.zoom);
  });
  listenForPointer(parent, (at) => {
    const place = at && placeOf(at);
    onPointer(place && [Math.floor(place[0]), Math.floor(place[1])]);
  });
  return {
    show: (view, layers) => {
      const { x, y, zoom } = view;
      shown = view;
      deck.setProps({ viewState: { target: [x, y, 0], zoom, ...ZOOMS }, layers: [...layers] });
    },
    remove: () => deck.finalize(),
  };
}

/** Screen pixels from the middle of the stage. */
type Offset = readonly [dx: number, dy: number];

function offsetOf(parent: HTMLElement, { clientX, clientY }: MouseEvent): Offset {
  const { left, top, width, height } = parent.getBoundingClientRect();
  return [clientX - left - width / 2, clientY - top - height / 2];
}

/** Calls back where the pointer is while it drags nothing; without a place once it is gone. */
function listenForPointer(parent: HTMLElement, onMove: (at: Offset | undefined) => void): void {
  parent.addEventListener("pointermove", (event) => {
    if (event.buttons === 0) onMove(offsetOf(parent, event));
  });
  parent.addEventListener("pointerleave", () => onMove(undefined));
}

/** Calls back for a click. */
function listenForClicks(parent: HTMLElement, onPlace: (at: Offset) => void): void {
  let from: readonly [number, number] = [0, 0];
  parent.addEventListener("pointerdown", ({ clientX, clientY }) => {
    from = [clientX, clientY];
  });
  parent.addEventListener("click", (event) => {
    if (Math.hypot(event.clientX - from[0], event.clientY - from[1]) <= DRAG)
      onPlace(offsetOf(parent, event));
  });
}

/** A picture in place of an image: drawn anew without a moment between in which there is none. */
export function pictureLayer(image: ImageData): Layer {
  const { height, width } = image;
  return new BitmapLayer({
    id: "picture",
    image,
    bounds: [0, height, width, 0],
    textureParameters: { minFilter: "linear", magFilter: "nearest" },
  });
}

/** Red, green and blue of six hexadecimal digits, 0 to 255. */
export function rgbOf(color: string): [number, number, number] {
  const value = Number.parseInt(color, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

/** The view in which all of a scene fits into the stage. */
export function wholeView(
  { levels }: Scene,
  stage: { readonly width: number; readonly height: number },
): View {
  const { height, width } = levels[0];
  const zoom = Math.log2(Math.min(stage.width / width, stage.height / height) * 0.96);
  return { x: width / 2, y: height / 2, zoom };
}
