import { progressTeller } from "../../core/index.ts";
import type { RunChoice } from "../loaders/subvolumes.ts";
import type { Molecules } from "../molecules/molecules.ts";
import type { Zyx } from "../molecules/quaternion.ts";

/** What is drawn, as messages have it. */
export interface Drawing {
  /** The call. */
  readonly at: string;
  readonly components: readonly { readonly name: string; readonly molecules: Molecules }[];
  /** Sides of the result (z, y, x); an image has a depth of Infinity. */
  readonly sides: Zyx;
  /** How often each molecule is drawn; default once. */
  readonly images?: number;
}

/** Says how far a drawing is, and what is not in it. */
export interface DrawingTeller {
  /** A molecule was drawn at a place of the result, voxels. */
  drew(component: number, molecule: number, place: Zyx): void;
  /** All were. */
  end(): void;
}

/** Counts molecules for `onProgress`, an image each; says on `onLog` that there are none, or that some lie outside of all that is drawn. */
export function tellDrawing(
  { at, components, sides, images = 1 }: Drawing,
  { onProgress, onLog }: RunChoice,
): DrawingTeller {
  const tell = progressTeller(onProgress, { unit: "molecules" });
  const count = components.reduce((sum, { molecules }) => sum + molecules.count, 0);
  const shown = components.map(({ molecules }) => new Uint8Array(molecules.count));
  let done = 0;
  return {
    drew(component, molecule, place) {
      if (place.every((value, axis) => isInside(value, sides[axis]))) shown[component][molecule] = 1;
      tell(++done, images * count);
    },
    end() {
      if (count === 0) onLog?.(`${at}: there are no molecules, so that all values are 0`, "warning");
      const outside = shown.map((flags) => flags.reduce((sum, flag) => sum + 1 - flag, 0));
      const total = outside.reduce((sum, number) => sum + number, 0);
      if (total === 0) return;
      const first = outside.findIndex((number) => number > 0);
      const which = `molecule ${shown[first].indexOf(0)} of component ${components[first].name}`;
      const size = sides.filter(Number.isFinite).join(" x ");
      onLog?.(
        `${at}: ${total} of ${count} molecules lie outside of the ${size} voxels and show in part or not at all, the first of them ${which}: see shape (--shape), scale (--scale) and their places`,
        "warning",
      );
    },
  };
}

/** A voxel reaches half of its side beyond its place; of an image all depths are inside. */
function isInside(place: number, side: number): boolean {
  return side === Number.POSITIVE_INFINITY || (place >= -0.5 && place < side - 0.5);
}
