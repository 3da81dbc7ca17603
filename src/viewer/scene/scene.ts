/** What is looked at, whatever it is: planes with channels, sliders, levels; images and maps of experiments alike. */
import {
  askJson,
  type Box,
  type ExperimentFacts,
  type ImageFacts,
  type LevelFacts,
  type Spread,
} from "./api.ts";
import { fetchLayerTile, fetchTile, type TileValues } from "./tiles.ts";

/** A channel, before anybody changed how it is shown. */
export interface SceneChannel {
  readonly name: string;
  /** Six hexadecimal digits. */
  readonly color: string;
  readonly window?: readonly [number, number];
}

/** An axis along which one plane is chosen. */
export interface Slider {
  readonly axis: string;
  readonly length: number;
  /** What its indices stand for. */
  readonly values?: readonly (string | number)[];
}

/** Where a plane lies: an index by axis. */
export type Places = Readonly<Record<string, number>>;

/** A tile that is asked for. */
export interface TilePlace {
  readonly level: number;
  readonly row: number;
  readonly column: number;
  readonly channel: number;
  readonly places: Places;
}

/** What is shown. */
export interface Scene {
  /** Another one for whatever else is shown. */
  readonly key: string;
  readonly title: string;
  /** Type of its values: `Uint16`. */
  readonly dtype: string;
  readonly levels: readonly LevelFacts[];
  readonly tileSize: number;
  readonly channels: readonly SceneChannel[];
  readonly sliders: readonly Slider[];
  /** Planes that are shown at first, where these are not the first ones. */
  readonly start?: Places;
  /** Length of a pixel's side, and its unit. */
  readonly pixel?: { readonly size: number; readonly unit: string };
  readonly warnings: readonly string[];
  readonly image?: ShownImageFacts;
  readonly experiment?: ExperimentFacts;
  tile(place: TilePlace, signal?: AbortSignal): Promise<TileValues>;
  spread(channel: number, places: Places, signal?: AbortSignal): Promise<Spread>;
}

/** Of channels whose file names none. */
export const COLORS = [
  "FFFFFF",
  "00FF00",
  "FF00FF",
  "00FFFF",
  "FFFF00",
  "FF0000",
  "0000FF",
  "FF8000",
  "8000FF",
  "80FF80",
];
const SHORT_UNITS: Readonly<Record<string, string>> = {
  micrometer: "µm",
  nanometer: "nm",
  angstrom: "Å",
  millimeter: "mm",
};
const TILE = 512;
const LAYER_TILE = 256;

/** An image, with its name among those of its file. */
export interface ShownImageFacts extends ImageFacts {
  readonly shown: string;
}

/** The label images that lie over an image: of a plate those of the field that is shown, and none over a well of several. */
export function labelsOver({ plate, labels, shown }: ShownImageFacts): readonly string[] {
  return plate === null ? labels : labels.filter((name) => name.startsWith(`${shown}/labels/`));
}

/** How an image is opened. */
export interface ImageSceneOptions {
  readonly signal?: AbortSignal;
  /** Its values are those of labels, whether or not its file says so: no mean may mix them. */
  readonly isLabels?: boolean;
}

/** An image as a scene: where none is named the first one, of a plate its first well. @throws {Error} with what the server says */
export async function openImageScene(
  at: string,
  named: string | undefined,
  { signal, isLabels = false }: ImageSceneOptions = {},
): Promise<Scene> {
  const first = await askJson<ImageFacts>("image", { at, image: named }, signal);
  const well = named === undefined ? first.wells.at(0)?.image : undefined;
  const image = well ?? named;
  const told = well === undefined ? first : await askJson<ImageFacts>("image", { at, image }, signal);
  const as = isLabels && !told.isLabels ? "labels" : undefined;
  // levels that are means of labels are left out
  const facts = as === undefined ? told : await askJson<ImageFacts>("image", { at, image, as }, signal);
  const sample = facts.axes.find(({ name }) => name === "sample");
  const channelAxis = sample ?? facts.axes.find(({ name }) => name === "channel");
  const x = facts.axes.find(({ name }) => name === "x")!;
  const channels = sample ? rgbChannels(sample.length, facts) : channelsOf(facts, channelAxis?.length ?? 1);
  const sliders = facts.axes
    .filter(({ name, length }) => !["y", "x", channelAxis?.name].includes(name) && length > 1)
    .map(({ name, length, values }): Slider => ({ axis: name, length, ...(values && { values }) }));
  const placesOf = (channel: number, places: Places) =>
    placesText(channelAxis === undefined ? places : { ...places, [channelAxis.name]: channel });
  return {
    key: `${at} ${image ?? ""}${as ?? ""}`,
    title: titleOf(facts, image) ?? at,
    dtype: typeName(facts.dtype),
    levels: facts.views,
    tileSize: TILE,
    channels,
    sliders,
    start: startOf(sliders, channels.length),
    ...(x.unit !== undefined &&
      x.scale > 0 && { pixel: { size: x.scale, unit: SHORT_UNITS[x.unit] ?? x.unit } }),
    warnings: [...new Set([...facts.fileWarnings, ...facts.warnings])],
    image: { ...facts, shown: image ?? facts.images[0] },
    tile: ({ level, row, column, channel, places }, abort) =>
      fetchTile({ at, image, level, row, column, size: TILE, places: placesOf(channel, places), as }, abort),
    spread: (channel, places, abort) =>
      askJson<Spread>("image/statistics", { at, image, places: placesOf(channel, places) }, abort),
  };
}

/** The last part of its name; of a field of a plate, which is but a number, row, column and field. */
function titleOf({ name, plate, parts }: ImageFacts, image: string | undefined): string | undefined {
  return plate !== null && parts.length === 0 && image !== undefined ? image : name.split("/").at(-1);
}

/** The map of an experiment as a scene. @throws {Error} with what the server says */
export async function openExperimentScene(at: string, signal?: AbortSignal): Promise<Scene> {
  const facts = await askJson<ExperimentFacts>("experiment", { at }, signal);
  const names = [...new Set(facts.layers.map(({ channel }) => channel))];
  const first = facts.layers.at(0);
  if (first === undefined)
    throw new Error(
      `${facts.name} has no layers yet. Make them: vitrine illuminati ${at.split("/").at(-1)} init, run, collect`,
    );
  const layerAt = (channel: number, { time = 0, z = 0 }: Places) =>
    facts.layers.find(
      (layer) => layer.channel === names[channel] && layer.tpoint === time && layer.zplane === z,
    );
  const levels = halvings(first);
  const tile: Scene["tile"] = ({ channel, places, ...place }, abort) => {
    const { height, width } = levels[place.level];
    const size = {
      height: Math.min(LAYER_TILE, height - place.row * LAYER_TILE),
      width: Math.min(LAYER_TILE, width - place.column * LAYER_TILE),
    };
    return fetchLayerTile({ at, layer: layerAt(channel, places)?.id, ...place }, size, abort);
  };
  const length = (key: "tpoint" | "zplane") => Math.max(...facts.layers.map((layer) => layer[key])) + 1;
  return {
    key: at,
    title: facts.name,
    dtype: "Uint8",
    levels,
    tileSize: LAYER_TILE,
    channels: names.map((name, i) => ({
      name,
      color: facts.layers.find(({ channel }) => channel === name)?.color ?? COLORS[i % COLORS.length],
      window: [0, 255] as const,
    })),
    sliders: [
      { axis: "time", length: length("tpoint") },
      { axis: "z", length: length("zplane") },
    ].filter((slider) => slider.length > 1),
    ...(facts.pixelSizeUm !== null && { pixel: { size: facts.pixelSizeUm, unit: "µm" } }),
    warnings: [],
    experiment: facts,
    tile,
    async spread(channel, places, abort) {
      const level = levels.length - 1;
      return spreadOf((await tile({ level, row: 0, column: 0, channel, places }, abort)).data);
    },
  };
}

/** A volume begins in its middle, since its first plane is empty as a rule; stacks of images and z planes of channels at their first. */
export function startOf(sliders: readonly Slider[], channels: number): Places {
  const [slider, ...others] = sliders;
  const isVolume = slider?.axis === "z" && others.length === 0 && channels === 1;
  return isVolume ? { z: slider.length >> 1 } : {};
}

/** Whether a place is in a box. */
export function isInBox(
  { minX, minY, maxX, maxY }: Box,
  { x, y }: { readonly x: number; readonly y: number },
): boolean {
  return x >= minX && x <= maxX + 1 && y >= minY && y <= maxY + 1;
}

/** The middle of a box, and the zoom at which it fills a part of the stage. */
export function viewOfBox(
  { minX, minY, maxX, maxY }: Box,
  stage: { readonly width: number; readonly height: number },
) {
  const zoom = Math.log2(Math.min(stage.width / (maxX - minX + 1), stage.height / (maxY - minY + 1)) * 0.9);
  return { x: (minX + maxX + 1) / 2, y: (minY + maxY + 1) / 2, zoom };
}

/** As routes take places: `time:0,z:4`; undefined: all 0. */
function placesText(places: Places): string | undefined {
  const text = Object.entries(places).map(([axis, index]) => `${axis}:${index}`);
  return text.length === 0 ? undefined : text.join(",");
}

function channelsOf({ channels, isLabels }: ImageFacts, count: number): SceneChannel[] {
  return Array.from({ length: count }, (_, i) => {
    const { name, color, window } = channels[i] ?? {};
    const start =
      window && !isLabels && window.end > window.start ? ([window.start, window.end] as const) : undefined;
    const own = color ?? COLORS[count === 1 ? 0 : (i % (COLORS.length - 1)) + 1];
    return {
      name: name ?? (count === 1 ? "intensity" : `channel ${i}`),
      color: own,
      ...(start && { window: start }),
    };
  });
}

/** Of pixels that are colours themselves; 8 bits are shown as they are. */
function rgbChannels(count: number, { dtype }: ImageFacts): SceneChannel[] {
  const names = ["red", "green", "blue", "alpha"].slice(0, Math.min(count, 3));
  const window = dtype === "uint8" ? { window: [0, 255] as const } : {};
  return names.map((name, i) => ({ name, color: ["FF0000", "00FF00", "0000FF"][i], ...window }));
}

function typeName(dtype: string): string {
  const shown = dtype === "float64" ? "float32" : dtype;
  return shown.charAt(0).toUpperCase() + shown.slice(1);
}

function halvings({ height, width }: LevelFacts): LevelFacts[] {
  const levels = [{ height, width }];
  for (let last = levels[0]; Math.max(last.height, last.width) > LAYER_TILE || levels.length < 2; ) {
    last = { height: Math.ceil(last.height / 2), width: Math.ceil(last.width / 2) };
    levels.push(last);
  }
  return levels;
}

function spreadOf(values: ArrayLike<number>): Spread {
  const histogram = Array.from({ length: 128 }, () => 0);
  for (let i = 0; i < values.length; i++) histogram[values[i] >> 1]++;
  let left = values.length * 0.0005;
  let high = 255;
  for (; high > 1 && histogram[high >> 1] < left; high -= 2) left -= histogram[high >> 1];
  return { min: 0, max: 255, low: 0, high, histogram };
}
