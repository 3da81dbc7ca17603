/** The drawing: deck.gl with Viv's layer of the image, and layers over it. */
import { Deck, type Layer, OrthographicView } from "@deck.gl/core";
import { BitmapLayer } from "@deck.gl/layers";
import { ColorPaletteExtension, MultiscaleImageLayer } from "@hms-dbmi/viv";
import type { Scene } from "../scene/scene.ts";
import { ColormapExtension } from "./colormapExtension.ts";
import { shownColormap } from "./colormaps.ts";
import type { pixelSources, Selection } from "./pixels.ts";
import type { ShownChannel, ViewState } from "./viewState.ts";

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
    onHover: ({ coordinate }) =>
      onPointer(coordinate && [Math.floor(coordinate[0]), Math.floor(coordinate[1])]),
    getCursor: ({ isDragging }) => (isDragging ? "grabbing" : "crosshair"),
  });
  let shown: View | undefined;
  listenForClicks(parent, (dx, dy) => {
    if (shown === undefined) return;
    const pixel = 1 / 2 ** shown.zoom;
    onClick([shown.x + dx * pixel, shown.y + dy * pixel], pixel);
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

/** Calls back for a click; its place is as far from the middle of the stage as it was clicked. */
function listenForClicks(parent: HTMLElement, onPlace: (dx: number, dy: number) => void): void {
  let from: readonly [number, number] = [0, 0];
  parent.addEventListener("pointerdown", ({ clientX, clientY }) => {
    from = [clientX, clientY];
  });
  parent.addEventListener("click", ({ clientX, clientY }) => {
    if (Math.hypot(clientX - from[0], clientY - from[1]) > DRAG) return;
    const { left, top, width, height } = parent.getBoundingClientRect();
    onPlace(clientX - left - width / 2, clientY - top - height / 2);
  });
}

/** What {@link imageLayer} draws. */
export interface ImageLayerOptions {
  readonly scene: Scene;
  /** The same array as long as the scene is the same. */
  readonly sources: ReturnType<typeof pixelSources>;
  readonly shown: readonly ShownChannel[];
  /** Of the channels in `shown`; the same array as long as they are the same. */
  readonly selections: readonly Selection[];
}

/** The image: its visible channels in their colours, added up, or the only one through its colour map. */
export function imageLayer({ scene, sources, shown, selections }: ImageLayerOptions): Layer {
  const colormap = shownColormap(shown);
  // Viv says of its layer's type that it may be anything
  return new MultiscaleImageLayer({
    // another map is another layer: models of tiles that are there would keep the last one's
    id: `image ${scene.key}${colormap === undefined ? "" : ` ${colormap}`}`,
    loader: sources,
    selections: [...selections],
    contrastLimits: shown.map(({ limits = [0, 1] }) => [...limits]),
    channelsVisible: shown.map(() => true),
    colors: shown.map(({ color, opacity }) => rgbOf(color).map((part) => part * opacity)),
    extensions: [
      colormap === undefined ? new ColorPaletteExtension() : new ColormapExtension({ name: colormap }),
    ],
    mapOpacity: shown[0]?.opacity ?? 1,
    pickable: false,
    // its pixels reach beyond the end of the image by part of one
    excludeBackground: true,
  } as never) as Layer;
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
