/** The whole state of the page, as its address has it: whoever opens the address sees the same. */

import { type Comparison, formatComparison, parseComparison } from "../compare/compareState.ts";
import { type BrushLimits, formatLimits, formatNames, parseLimits, parseNames } from "../objects/brush.ts";
import { formatGroups, type GroupsBy, parseGroups } from "../objects/groups.ts";
import type { Places, Scene } from "../scene/scene.ts";
import { formatChannels, parseChannels, type ShownChannel } from "./channels.ts";
import { type ColormapName, isColormap } from "./colormaps.ts";

export type { ShownChannel };

/** What is shown, and how. */
export interface ViewState {
  /** Address of a folder, image, experiment or job; empty: the list of what is served. */
  readonly at: string;
  readonly image?: string;
  /** Middle of the stage in pixels of full resolution, and log2 of screen pixels a pixel; undefined: all of it fits. */
  readonly view?: { readonly x: number; readonly y: number; readonly zoom: number };
  readonly places: Places;
  /** Empty until the scene is open. */
  readonly channels: readonly ShownChannel[];
  /** Label image that lies over the image, and its opacity, 0 to 1. */
  readonly labels?: string;
  /** Address of the file that has it; undefined: the image's own. */
  readonly labelsAt?: string;
  readonly labelOpacity?: number;
  /** Whether the image's values are those of labels, though its file does not say so. */
  readonly isLabels?: boolean;
  /** Whose objects `objects` names, where these are not the place's own: a label image's, or an experiment's that came from one. */
  readonly objectsAt?: string;
  /** Type of map objects that are drawn, and the feature that colours them. */
  readonly objects?: string;
  readonly feature?: string;
  /** Its values that are dark and full (default: by the values), and the map between them (default viridis). */
  readonly featureRange?: readonly [low: number, high: number];
  readonly featureMap?: ColormapName;
  /** What colours them in place of a feature. */
  readonly colorBy?: "class" | "groups";
  /** Limits of features outside of which objects are dim. */
  readonly brush?: BrushLimits;
  /** Features of the scatter plot, across and up. */
  readonly plot?: readonly string[];
  /** How objects are grouped by their features. */
  readonly groups?: GroupsBy;
  /** Whether table and plots of the objects are open. */
  readonly isTableOpen?: boolean;
  /** What the image is compared with. */
  readonly compare?: Comparison;
  readonly theme?: "dark" | "light";
  /** What the module of a result keeps: its choices by name. */
  readonly choices: Readonly<Record<string, string>>;
}

/** Of a page without a state. */
export const START: ViewState = { at: "", places: {}, channels: [], choices: {} };

/** Channels that are on at first: more are hard to tell apart. */
const FIRST_SHOWN = 4;
/** Most channels that can be on at once. */
export const MOST_SHOWN = 10;

/** Before the names of choices, so that they are nobody else's. */
const CHOICE = "r.";

/** The state as the part of an address behind `#`. */
export function formatState(state: ViewState): string {
  const { at, image, view, places, channels, objects, feature, theme, choices } = state;
  const values: Record<string, string | undefined> = {
    at: at || undefined,
    image,
    view: view && [view.x, view.y, view.zoom].map((value) => Number(value.toFixed(3))).join(","),
    places: Object.entries(places)
      .map(([axis, index]) => `${axis}:${index}`)
      .join(","),
    channels: formatChannels(channels),
    labels: state.labels,
    labelsAt: state.labelsAt,
    labelOpacity: state.labelOpacity?.toFixed(2),
    as: state.isLabels ? "labels" : undefined,
    objectsAt: state.objectsAt,
    objects,
    feature,
    featureRange: state.featureRange?.map((value) => String(Number(value.toPrecision(6)))).join(":"),
    featureMap: state.featureMap,
    color: state.colorBy,
    brush: formatLimits(state.brush ?? {}),
    plot: formatNames(state.plot ?? []),
    compare: formatComparison(state.compare),
    groups: formatGroups(state.groups),
    table: state.isTableOpen ? "open" : undefined,
    theme,
    ...Object.fromEntries(Object.entries(choices).map(([name, value]) => [CHOICE + name, value])),
  };
  const given = Object.entries(values).flatMap(([key, value]) => (value ? [[key, value]] : []));
  return new URLSearchParams(given).toString();
}

/** The state of an address; what is none of it is as at first. */
export function parseState(hash: string): ViewState {
  const values = new URLSearchParams(hash.replace(/^#/, ""));
  const text = (key: string) => values.get(key) ?? undefined;
  const [image, objects, feature, theme] = ["image", "objects", "feature", "theme"].map(text);
  const compare = parseComparison(text("compare") ?? "");
  const [x, y, zoom] = (text("view") ?? "").split(",").map(Number);
  return {
    at: text("at") ?? "",
    places: parsePlaces(text("places") ?? ""),
    channels: parseChannels(text("channels") ?? ""),
    choices: Object.fromEntries(
      [...values].flatMap(([key, value]) =>
        key.startsWith(CHOICE) ? [[key.slice(CHOICE.length), value]] : [],
      ),
    ),
    ...(image !== undefined && { image }),
    ...([x, y, zoom].every(Number.isFinite) && { view: { x, y, zoom } }),
    ...(objects !== undefined && { objects }),
    ...(feature !== undefined && { feature }),
    ...parseLabels(values),
    ...parseFeature(values),
    ...(compare !== undefined && { compare }),
    ...parseObjectState(values),
    ...((theme === "dark" || theme === "light") && { theme }),
  };
}

function parseLabels(
  values: URLSearchParams,
): Pick<ViewState, "labels" | "labelsAt" | "labelOpacity" | "isLabels"> {
  const [labels, labelsAt, opacity] = ["labels", "labelsAt", "labelOpacity"].map((key) => values.get(key));
  const shown = Number(opacity || Number.NaN);
  return {
    ...(labels && { labels }),
    ...(labelsAt && { labelsAt }),
    ...(shown >= 0 && shown <= 1 && { labelOpacity: shown }),
    ...(values.get("as") === "labels" && { isLabels: true }),
  };
}

function parseFeature(values: URLSearchParams): Pick<ViewState, "objectsAt" | "featureRange" | "featureMap"> {
  const [objectsAt, map] = [values.get("objectsAt"), values.get("featureMap") ?? ""];
  const [low, high] = (values.get("featureRange") || ":").split(":").map((end) => Number(end || Number.NaN));
  return {
    ...(objectsAt && { objectsAt }),
    ...(low < high && { featureRange: [low, high] as const }),
    ...(isColormap(map) && { featureMap: map }),
  };
}

function parseObjectState(
  values: URLSearchParams,
): Pick<ViewState, "colorBy" | "brush" | "plot" | "groups" | "isTableOpen"> {
  const colorBy = values.get("color");
  const brush = parseLimits(values.get("brush") ?? "");
  const groups = parseGroups(values.get("groups") ?? "");
  const plot = parseNames(values.get("plot") ?? "");
  return {
    ...((colorBy === "class" || colorBy === "groups") && { colorBy }),
    ...(Object.keys(brush).length > 0 && { brush }),
    ...(groups !== undefined && { groups }),
    ...(plot.length === 2 && { plot }),
    ...(values.get("table") === "open" && { isTableOpen: true }),
  };
}

/**
 * The state once its scene is open: an image of as many channels as the last one is shown as that was, and planes that nobody chose are those
 * that it begins with.
 */
export function openedState(before: ViewState, scene: Pick<Scene, "channels" | "start">): ViewState {
  const places = { ...scene.start, ...before.places };
  const hasChannels = before.channels.length === scene.channels.length;
  const hasPlaces = Object.keys(places).length === Object.keys(before.places).length;
  if (hasChannels && hasPlaces) return before;
  return { ...before, places, channels: hasChannels ? before.channels : channelsFor(scene) };
}

/** Channels as they are shown at first. */
export function channelsFor({ channels }: Pick<Scene, "channels">): ShownChannel[] {
  return channels.map(({ color, window }, i) => ({
    isVisible: i < FIRST_SHOWN,
    color,
    opacity: 1,
    ...(window && { limits: window }),
  }));
}

function parsePlaces(text: string): Places {
  const pairs = text.split(",").map((pair) => pair.split(":"));
  return Object.fromEntries(
    pairs
      .filter(([axis, index]) => axis && /^\d+$/.test(index ?? ""))
      .map(([axis, index]) => [axis, Number(index)]),
  );
}
