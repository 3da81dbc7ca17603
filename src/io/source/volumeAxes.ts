import { VitrineError } from "../../core/index.ts";
import type { ImageSource } from "./source.ts";

/** Which axes of a source are those of one volume. */
export interface VolumeAxes {
  /** Places of z, y and x among the source's axes; -1 of z: a single section. */
  readonly places: readonly [z: number, y: number, x: number];
  /** What the file leaves open or hides, and that sections of a stack of images were taken for those of a volume; each with its name. */
  readonly warnings: readonly string[];
}

/**
 * The axes of a source that is one volume (z, y, x); every other axis has one index. Many programs write volumes without saying so (IMOD's MRC of
 * space group 0, plain pages of TIFF): a stack of images, which has no depth of its own, is taken for the volume of its sections.
 *
 * @param shape  default that of the full resolution
 * @throws {VitrineError} shape: several channels, colours, positions or volumes
 */
export function volumeAxes(
  { name, axes, levels, metadata, warnings }: ImageSource,
  shape: readonly number[] = levels[0].shape,
): VolumeAxes {
  const place = (axis: string) => axes.findIndex((one) => one.name === axis);
  const [z, y, x, time] = [place("z"), place("y"), place("x"), place("time")];
  const depth = z < 0 ? 1 : shape[z];
  const others = axes.flatMap((_, i) => (i === z || i === y || i === x || shape[i] === 1 ? [] : [i]));
  const own = warnings.map((line) => (line.startsWith(name) ? line : `${name}: ${line}`));
  if (y >= 0 && x >= 0 && others.length === 0) return { places: [z, y, x], warnings: own };
  if (y >= 0 && x >= 0 && depth === 1 && others.length === 1 && others[0] === time) {
    const said = metadata.spaceGroup === 0 ? "header.ispg 0" : `the axis time of ${shape[time]}`;
    return { places: [time, y, x], warnings: [...own, stackTaken(`${name}: ${said}`, shape[time])] };
  }
  const found = axes.map((one, i) => `${one.name} ${shape[i]}`).join(", ");
  const hint = "Cut one out first, with vitrine convert";
  throw new VitrineError({ code: "shape", at: name, expected: "one volume (z, y, x)", found, hint });
}

/** That sections of a stack of images are taken for those of a volume. */
export function stackTaken(said: string, count: number): string {
  return `${said} says a stack of ${count} images; taken for a volume of ${count} planes`;
}
