import type { Axes } from "../../core/index.ts";
import { VitrineError } from "../../core/index.ts";
import type { ImageSource, SourceAxis } from "../source/source.ts";
import type { PictureOptions } from "./options.ts";

const SHORT_NAMES: Readonly<Record<string, string>> = {
  t: "time",
  c: "channel",
  p: "position",
  s: "sample",
};
/** Axes of the pixels of one plane. */
const PLANE = ["y", "x", "sample"];
/** More channels than this make no legible mixture. */
const MOST_MERGED = 7;

/** What becomes of the axes before `y` and `x`. */
export interface PlaneChoice {
  /** Indices of full resolution. */
  readonly fixed: Readonly<Record<string, number>>;
  readonly project?: PictureOptions["project"];
  readonly montage: readonly string[];
  /** Channels are mixed in their colours. */
  readonly isMerged: boolean;
}

type Chosen = Pick<PictureOptions, "at" | "project" | "montage" | "onLog">;

/**
 * Decides what becomes of each axis.
 *
 * @throws {VitrineError} missing: no axis of this name, or no such value; range: an axis that is named twice
 */
export function choosePlanes(source: ImageSource, options: Chosen): PlaneChoice {
  const outer = source.axes.filter(({ name }) => !PLANE.includes(name));
  const nameOf = (name: string) => axisNamed(source, name);
  const at = Object.entries(options.at ?? {}).map(([name, value]) => [nameOf(name), value] as const);
  const project = options.project && { ...options.project, axis: nameOf(options.project.axis) };
  const montage = (options.montage ?? []).map(nameOf);
  checkOnce([...at.map(([name]) => name), ...(project ? [project.axis] : []), ...montage], source.name);
  const fixed: Record<string, number> = {};
  for (const [name, value] of at) fixed[name] = indexOn(source, name, value);
  const isFree = ({ name }: SourceAxis) =>
    fixed[name] === undefined && project?.axis !== name && !montage.includes(name);
  const channels = outer.find((axis) => axis.name === "channel" && isFree(axis));
  const isMerged = channels !== undefined && canMerge(source);
  for (const axis of outer) {
    if (!isFree(axis) || (isMerged && axis === channels)) continue;
    fixed[axis.name] = middleOf(source, axis);
    tellGuess(source, axis.name, { index: fixed[axis.name], onLog: options.onLog });
  }
  return { fixed, montage, isMerged, ...(project && { project }) };
}

/** The place of an axis in a source. @throws {VitrineError} missing */
export function axisAt(source: ImageSource, name: string): number {
  return source.axes.findIndex((axis) => axis.name === name);
}

/** What an index of an axis is called: its value, or the number. */
export function labelOf(source: ImageSource, name: string, index: number): string {
  const axis = source.axes[axisAt(source, name)];
  const value = name === "channel" ? source.channels[index]?.name : undefined;
  return String(value ?? axis.values?.[index] ?? index);
}

/** The axis before `y` that a user's name means, short names too. @throws {VitrineError} missing */
export function axisNamed({ axes, name: at }: ImageSource, name: string): string {
  const known = axes.map((axis) => axis.name).filter((axis) => !PLANE.includes(axis));
  const found = known.find((axis) => axis === name) ?? known.find((axis) => axis === SHORT_NAMES[name]);
  if (found !== undefined) return found;
  throw new VitrineError({
    code: "missing",
    at,
    expected: known.length === 0 ? "no axes besides y and x" : `one of the axes ${known.join(", ")}`,
    found: name,
  });
}

function checkOnce(names: readonly string[], at: string): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  const expected = "every axis fixed, projected or in a montage, once";
  throw new VitrineError({ code: "range", at, expected, found: `${twice} twice` });
}

/** The index of a place on an axis: a value of the axis comes before an index. @throws {VitrineError} range */
export function indexOn(source: ImageSource, name: string, value: Axes[string]): number {
  const place = axisAt(source, name);
  const length = source.levels[0].shape[place];
  const labels = Array.from({ length: Math.min(length, 10_000) }, (_, i) => labelOf(source, name, i));
  const index = labels.indexOf(String(value));
  if (index >= 0) return index;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 0 && number < length) return number;
  const hasNames = labels.some((label, i) => label !== String(i));
  const names = hasNames ? ` or one of ${labels.slice(0, 12).join(", ")}` : "";
  throw new VitrineError({
    code: "range",
    at: `${source.name} ${name}`,
    expected: `an index from 0 to ${length - 1}${names}`,
    found: String(value),
  });
}

function canMerge(source: ImageSource): boolean {
  const count = source.levels[0].shape[axisAt(source, "channel")];
  return !source.isLabels && axisAt(source, "sample") < 0 && count > 1 && count <= MOST_MERGED;
}

/** The middle of what lies in space, else the first. */
function middleOf(source: ImageSource, { name, kind }: SourceAxis): number {
  const length = source.levels[0].shape[axisAt(source, name)];
  return kind === "space" ? Math.floor((length - 1) / 2) : 0;
}

function tellGuess(
  source: ImageSource,
  name: string,
  { index, onLog }: { readonly index: number; readonly onLog: PictureOptions["onLog"] },
): void {
  const length = source.levels[0].shape[axisAt(source, name)];
  if (length === 1) return;
  const label = labelOf(source, name, index);
  onLog?.(
    `${source.name}: ${name} ${label} of ${length} is drawn; at (--at ${name}=…), project or montage choose`,
    "warning",
  );
}
