/** Where the stage has been: the newest image of each place, small, about the newest of all. */
import type { Layer } from "@deck.gl/core";
import { BitmapLayer } from "@deck.gl/layers";
import { mixed } from "../core/mix.ts";
import type { ViewState } from "../core/viewState.ts";
import type { SeenFrame } from "../scene/liveScene.ts";
import { type PlacedFrame, pixelAt, placedFrame } from "./places.ts";

/** Images at one place, one a channel. */
export interface MosaicTile {
  readonly key: string;
  readonly frame: PlacedFrame;
  /** By the number of their channel. */
  readonly frames: ReadonlyMap<string, SeenFrame>;
}

/** Longer side of what is kept of an image, pixels. */
const SIDE = 192;
/** Places that are kept, the ones seen last: about 30 MB of two channels. */
const MOST_PLACES = 400;

/** The mosaic with one more frame. */
export function withPlace(before: readonly MosaicTile[], frame: SeenFrame): readonly MosaicTile[] {
  const placed = placedFrame(frame);
  if (placed === undefined) return before;
  const key = placed.place.join(" ");
  const tile = before.find((candidate) => candidate.key === key);
  const frames = new Map([...(tile?.frames ?? []), [frame.channel, smallOf(frame)]]);
  const others = before.filter((candidate) => candidate !== tile).slice(1 - MOST_PLACES);
  return [...others, { key, frame: placed, frames }];
}

/** All places but that of the newest frame, which the stage draws itself. */
export function mosaicLayers(
  tiles: readonly MosaicTile[],
  anchor: PlacedFrame,
  { channels, names }: { readonly channels: ViewState["channels"]; readonly names: readonly string[] },
): Layer[] {
  const own = anchor.place.join(" ");
  return tiles.flatMap(({ key, frame, frames }) => {
    if (key === own) return [];
    const values = names.map((name, i) =>
      channels[i]?.isVisible && channels[i].limits ? frames.get(name)?.values : undefined,
    );
    const image = mixed(values, channels);
    if (image === undefined) return [];
    const half = [frame.width, frame.height].map((length) => (length * frame.pixelSizeUm) / 2);
    const [left, upper] = pixelAt(anchor, [frame.place[0] - half[0], frame.place[1] - half[1]]);
    const [right, lower] = pixelAt(anchor, [frame.place[0] + half[0], frame.place[1] + half[1]]);
    return [new BitmapLayer({ id: `place ${key}`, image, bounds: [left, lower, right, upper] })];
  });
}

/** Every n-th pixel. */
function smallOf(frame: SeenFrame): SeenFrame {
  const { data, height, width } = frame.values;
  const step = Math.ceil(Math.max(height, width) / SIDE);
  const [rows, columns] = [Math.ceil(height / step), Math.ceil(width / step)];
  const kept = data.slice(0, rows * columns);
  for (let row = 0, to = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) kept[to++] = data[row * step * width + column * step];
  return { ...frame, values: { data: kept, height: rows, width: columns } };
}
