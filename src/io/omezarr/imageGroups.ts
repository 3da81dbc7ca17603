import type { Axes, ImageLayout } from "../../core/index.ts";
import { axesKey } from "../../core/index.ts";
import type { JsonObject } from "../dataset/dataset.ts";

/** Axes of a dataset that become dimensions of an array; images that differ in another one go into different groups. */
export const STACKED_AXES = ["time", "channel", "z"] as const;
export type StackedAxis = (typeof STACKED_AXES)[number];

/** An index may lie this far beyond all that came before; farther away an array would be mostly empty. */
const LARGEST_GAP = 10_000;

/** Indices along t, c and z, one of each per image. */
export type Indices = readonly [t: number, c: number, z: number];

/** The index of a tile along rows and columns, from the first one of the store. */
export type TileIndex = readonly [row: number, column: number];

/** Lengths along t, c and z. */
export type Counts = readonly [t: number, c: number, z: number];

/** How the values of an axis become indices: counted from `base`, listed in order of appearance, or no such axis. */
type Numbering = { readonly kind: "count"; readonly base: number } | { readonly kind: "list" | "none" };

/** What one image group holds: all images of one size, type, and value of every axis but time, channel and z. */
export interface ImageGroup {
  /** Its name in the store: "0", "1" ... in order of appearance. */
  readonly path: string;
  readonly layout: ImageLayout;
  /** The axes that are the same for all its images. */
  readonly fixed: Axes;
  readonly numbering: readonly [Numbering, Numbering, Numbering];
  /** Length along t, c and z of what has been asked for; the array in the store may still be shorter. */
  counts: Counts;
  readonly facts: PhysicalFacts;
}

/** What metadata say about distances; undefined while they say nothing. */
export interface PhysicalFacts {
  pixelSizeUm: number | undefined;
  zStepUm: number | undefined;
  intervalS: number | undefined;
  bitDepth: number | undefined;
  /** Names of channels whose axis is a number, by their index along c. */
  readonly channelNames: Record<number, string>;
  /** The position's name, where its axis is a number. */
  positionName: string | undefined;
  /** The first image with a known height: its index along z, and µm. */
  firstZ: readonly [index: number, um: number] | undefined;
}

/** Says in which group an image goes, and where. Nothing that was said before changes. */
export class ImageGroups {
  readonly #groups: ImageGroup[] = [];
  readonly #byKey = new Map<string, ImageGroup[]>();
  readonly #listed = new Map<StackedAxis, Map<number | string, number>>();
  readonly #summaryMetadata: JsonObject;
  readonly #isJoined: (axis: string) => boolean;

  /** @param joinedAxes  axes whose images share a plane */
  constructor(summaryMetadata: JsonObject, joinedAxes: readonly string[] = []) {
    this.#summaryMetadata = summaryMetadata;
    this.#isJoined = (axis) => joinedAxes.includes(axis);
  }

  /** The place of an image; the same axes and layout always have the same place. */
  place(axes: Axes, layout: ImageLayout): { readonly group: ImageGroup; readonly at: Indices } {
    const fixed = Object.fromEntries(
      Object.entries(axes).filter(([name]) => !isStacked(name) && !this.#isJoined(name)),
    );
    const kinds = STACKED_AXES.map((name) => kindOf(axes[name]));
    const key = JSON.stringify([axesKey(fixed), kinds, Object.values(layout)]);
    const alike = this.#byKey.get(key) ?? [];
    for (const group of alike) {
      const at = this.#indicesIn(group, axes);
      if (at === undefined) continue;
      group.counts = extended(group.counts, at);
      return { group, at };
    }
    const group = this.#newGroup(axes, layout, fixed);
    this.#byKey.set(key, [...alike, group]);
    return this.place(axes, layout);
  }

  /** Values of an axis that is listed, in the order of their indices. */
  listed(axis: StackedAxis): readonly (number | string)[] {
    return [...(this.#listed.get(axis)?.keys() ?? [])];
  }

  #newGroup(axes: Axes, layout: ImageLayout, fixed: Axes): ImageGroup {
    const [t, c, z] = STACKED_AXES.map((name) => numberingFrom(axes[name]));
    const group: ImageGroup = {
      path: String(this.#groups.length),
      layout,
      fixed,
      numbering: [t, c, z],
      counts: [0, 0, 0],
      facts: factsOf(this.#summaryMetadata),
    };
    this.#groups.push(group);
    return group;
  }

  /** Undefined where a value lies before the first one of the group or far beyond its last one. */
  #indicesIn(group: ImageGroup, axes: Axes): Indices | undefined {
    const [t, c, z] = STACKED_AXES.map((name, i) => {
      const numbering = group.numbering[i];
      const index = this.#index(numbering, name, axes[name]);
      const isNear = index >= 0 && index <= group.counts[i] + LARGEST_GAP;
      return isNear || numbering.kind !== "count" ? index : undefined;
    });
    return t === undefined || c === undefined || z === undefined ? undefined : [t, c, z];
  }

  #index(numbering: Numbering, axis: StackedAxis, value: number | string | undefined): number {
    if (value === undefined || numbering.kind === "none") return 0;
    if (numbering.kind === "count") return Number(value) - numbering.base;
    const known = this.#listed.get(axis) ?? new Map<number | string, number>();
    this.#listed.set(axis, known);
    const index = known.get(value) ?? known.size;
    known.set(value, index);
    return index;
  }
}

/** Takes from an image's metadata what its group does not know yet; returns whether something was new. */
export function learnFacts(
  { facts }: ImageGroup,
  { metadata, bitDepth, at }: { metadata: JsonObject; bitDepth: number | undefined; at: Indices },
): boolean {
  const before = JSON.stringify(facts);
  facts.pixelSizeUm ??= positive(metadata.PixelSize_um) ?? positive(metadata.PixelSizeUm);
  facts.bitDepth ??= bitDepth;
  if (typeof metadata.Channel === "string") facts.channelNames[at[1]] ??= metadata.Channel;
  if (typeof metadata.PositionName === "string") facts.positionName ??= metadata.PositionName;
  const um = metadata.ZPosition_um_Intended;
  if (typeof um === "number") {
    facts.firstZ ??= [at[2], um];
    const [index, firstUm] = facts.firstZ;
    if (at[2] !== index) facts.zStepUm ??= positive(Math.abs((um - firstUm) / (at[2] - index)));
  }
  return JSON.stringify(facts) !== before;
}

function factsOf(summary: JsonObject): PhysicalFacts {
  const intervalMs = positive(summary.Interval_ms);
  return {
    pixelSizeUm: positive(summary.PixelSize_um) ?? positive(summary.PixelSizeUm),
    zStepUm: positive(summary["z-step_um"]),
    intervalS: intervalMs === undefined ? undefined : intervalMs / 1000,
    bitDepth: undefined,
    channelNames: {},
    positionName: undefined,
    firstZ: undefined,
  };
}

function positive(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;
}

function isStacked(name: string): boolean {
  return STACKED_AXES.some((axis) => axis === name);
}

function kindOf(value: number | string | undefined): Numbering["kind"] {
  if (value === undefined) return "none";
  return typeof value === "number" && Number.isSafeInteger(value) ? "count" : "list";
}

/** Counting starts at 0 unless the first value lies before it or far behind it. */
function numberingFrom(value: number | string | undefined): Numbering {
  const kind = kindOf(value);
  if (kind !== "count") return { kind };
  const first = Number(value);
  return { kind, base: first >= 0 && first <= LARGEST_GAP ? 0 : first };
}

/** Lengths that hold this place too. */
export function extended(counts: Counts, at: Indices): Counts {
  const [t, c, z] = counts.map((count, i) => Math.max(count, at[i] + 1));
  return [t, c, z];
}
