/** The whole state of the page, as its address has it: whoever opens the address sees the same. */
import { type BrushLimits, formatLimits, formatNames, parseLimits, parseNames } from "../objects/brush.ts";
import type { Places, Scene } from "../scene/scene.ts";

/** How a channel is shown. */
export interface ShownChannel {
  readonly isVisible: boolean;
  /** Six hexadecimal digits. */
  readonly color: string;
  /** Values that are black and full; undefined until they are known. */
  readonly limits?: readonly [number, number];
  readonly opacity: number;
}

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
  /** Type of map objects that are drawn, and the feature that colours them. */
  readonly objects?: string;
  readonly feature?: string;
  /** What colours them in place of a feature. */
  readonly colorBy?: "class" | "groups";
  /** Limits of features outside of which objects are dim. */
  readonly brush?: BrushLimits;
  /** Features of the scatter plot, across and up. */
  readonly plot?: readonly string[];
  /** Whether table and plots of the objects are open. */
  readonly isTableOpen?: boolean;
  readonly theme?: "dark" | "light";
  /** What the module of a result keeps: its choices by name. */
  readonly choices: Readonly<Record<string, string>>;
}

/** Of a page without a state. */
export const START: ViewState = { at: "", places: {}, channels: [], choices: {} };

/** Channels that are on at first: more are hard to tell apart. */
const FIRST_SHOWN = 4;
/** Most channels that can be on at once: Viv's. */
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
    channels: channels.map(formatChannel).join(";"),
    objects,
    feature,
    color: state.colorBy,
    brush: formatLimits(state.brush ?? {}),
    plot: formatNames(state.plot ?? []),
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
  const [x, y, zoom] = (text("view") ?? "").split(",").map(Number);
  return {
    at: text("at") ?? "",
    places: parsePlaces(text("places") ?? ""),
    channels: (text("channels") ?? "").split(";").flatMap(parseChannel),
    choices: Object.fromEntries(
      [...values].flatMap(([key, value]) =>
        key.startsWith(CHOICE) ? [[key.slice(CHOICE.length), value]] : [],
      ),
    ),
    ...(image !== undefined && { image }),
    ...([x, y, zoom].every(Number.isFinite) && { view: { x, y, zoom } }),
    ...(objects !== undefined && { objects }),
    ...(feature !== undefined && { feature }),
    ...parseObjectState(values),
    ...((theme === "dark" || theme === "light") && { theme }),
  };
}

function parseObjectState(
  values: URLSearchParams,
): Pick<ViewState, "colorBy" | "brush" | "plot" | "isTableOpen"> {
  const colorBy = values.get("color");
  const brush = parseLimits(values.get("brush") ?? "");
  const plot = parseNames(values.get("plot") ?? "");
  return {
    ...((colorBy === "class" || colorBy === "groups") && { colorBy }),
    ...(Object.keys(brush).length > 0 && { brush }),
    ...(plot.length === 2 && { plot }),
    ...(values.get("table") === "open" && { isTableOpen: true }),
  };
}

/** Channels as they are shown at first. */
export function channelsFor({ channels }: Scene): ShownChannel[] {
  return channels.map(({ color, window }, i) => ({
    isVisible: i < FIRST_SHOWN,
    color,
    opacity: 1,
    ...(window && { limits: window }),
  }));
}

function formatChannel({ isVisible, color, limits, opacity }: ShownChannel): string {
  return [isVisible ? 1 : 0, color, limits?.[0] ?? "", limits?.[1] ?? "", opacity].join(":");
}

function parseChannel(text: string): ShownChannel[] {
  const [isVisible, color = "", low = "", high = "", opacity = "1"] = text.split(":");
  if (!/^[0-9A-Fa-f]{6}$/.test(color)) return [];
  const limits = [Number(low), Number(high)] as const;
  const isKnown = low !== "" && high !== "" && limits.every(Number.isFinite) && limits[0] < limits[1];
  const part = Math.min(1, Math.max(0, Number(opacity)));
  return [
    {
      isVisible: isVisible === "1",
      color,
      opacity: Number.isFinite(part) ? part : 1,
      ...(isKnown && { limits }),
    },
  ];
}

function parsePlaces(text: string): Places {
  const pairs = text.split(",").map((pair) => pair.split(":"));
  return Object.fromEntries(
    pairs
      .filter(([axis, index]) => axis && /^\d+$/.test(index ?? ""))
      .map(([axis, index]) => [axis, Number(index)]),
  );
}
