/** The image as a layer of deck.gl. */
import { Layer, type UpdateParameters } from "@deck.gl/core";
import type { Places, Scene } from "../../scene/scene.ts";
import type { ShownChannel } from "../channels.ts";
import { rgbOfHex, shownColormap } from "../colormaps.ts";
import { ImageTiles, type ShownImage } from "./imageTiles.ts";

/** What {@link imageLayer} draws. */
export interface ImageLayerOptions {
  readonly scene: Scene;
  /** Numbers of the channels that are drawn, and how each is shown. */
  readonly channels: readonly number[];
  readonly shown: readonly ShownChannel[];
  readonly places: Places;
  readonly onError: (error: Error) => void;
}

/** The image: its visible channels in their colours, added up, or the only one through its colour map. */
export function imageLayer({ scene, channels, shown, places, onError }: ImageLayerOptions): Layer {
  const colormap = shownColormap(shown);
  const image: ShownImage = {
    planes: { scene, channels, places },
    grid: scene,
    isByte: scene.dtype === "Uint8",
    looks: shown.map(({ color, opacity, limits: [low, high] = [0, 1] }) => ({
      low,
      scale: 1 / Math.max(1e-30, high - low),
      rgb: colormap === undefined ? rgbAt(color, opacity) : [opacity, opacity, opacity],
    })),
    colormap,
  };
  return new ImageTilesLayer({ id: `image ${scene.key}`, image, onTileError: onError });
}

function rgbAt(color: string, opacity: number): [number, number, number] {
  const [red, green, blue] = rgbOfHex(color);
  return [(red * opacity) / 255, (green * opacity) / 255, (blue * opacity) / 255];
}

interface TilesProps {
  readonly image: ShownImage;
  readonly onTileError: (error: Error) => void;
}

/** deck.gl's side: it makes a layer a frame, and hands what is kept from one to the next. */
class ImageTilesLayer extends Layer<TilesProps> {
  static override layerName = "ImageTilesLayer";
  static override defaultProps = {
    image: { type: "object" as const, value: {}, compare: false },
    onTileError: { type: "function" as const, value: () => {}, compare: false },
  };
  declare state: { tiles: ImageTiles };

  override initializeState(): void {
    const redraw = () => (this.getCurrentLayer() as Layer | null)?.setNeedsRedraw();
    const tell = (error: Error) =>
      (this.getCurrentLayer() as ImageTilesLayer | null)?.props.onTileError(error);
    this.setState({ tiles: new ImageTiles(this.context.device, redraw, tell) });
  }

  override updateState({ props, oldProps }: UpdateParameters<this>): void {
    if (props.image === oldProps.image) return;
    this.state.tiles.show(props.image);
    this.setNeedsRedraw();
  }

  override draw({ renderPass }: Parameters<Layer["draw"]>[0]): void {
    const { viewport } = this.context;
    const { width, height } = viewport;
    const [left, top] = viewport.unproject([0, 0]);
    const [right, bottom] = viewport.unproject([width, height]);
    const zoom = Math.log2(width / (right - left));
    this.state.tiles.draw(renderPass, { box: [left, top, right, bottom], zoom, width, height });
  }

  override finalizeState(): void {
    this.state.tiles.destroy();
  }
}
