import { VitrineError } from "../../core/index.ts";
import type { BestOfImage, CorrelatorPlan, Kept } from "../kernels/index.ts";
import type { RealArray } from "../precision.ts";
import type { Compared, ComparedPart, Comparison } from "./comparison.ts";

interface CollectedSize {
  readonly images: number;
  readonly templates: number;
  readonly displacements: number;
  readonly inplanes: number;
  readonly precision: "single" | "double";
}

/** Puts the results of runs together. @internal */
export class Collected {
  readonly #kept: Kept;
  readonly #half: number;
  readonly #size: CollectedSize;
  /** Values of one image and template. */
  readonly #each: number;
  readonly #values: RealArray;
  readonly #first: Int32Array;
  readonly #second: Int32Array;
  readonly #integrals: Float64Array;
  readonly #best: BestOfImage[];

  constructor({ kept, integral }: Comparison, size: CollectedSize) {
    const { images, templates, displacements, inplanes, precision } = size;
    this.#kept = kept;
    this.#half = integral?.numbers.half ?? 0;
    this.#size = size;
    const everything = displacements * inplanes;
    const each = {
      pose: 0,
      template: 1,
      displacement: displacements,
      rotation: inplanes,
      norms: inplanes,
      everything,
      likelihoods: 0,
    };
    this.#each = each[kept];
    const length = images * templates * this.#each;
    this.#values = precision === "single" ? new Float32Array(length) : new Float64Array(length);
    const hasIndex = kept === "template" || kept === "displacement" || kept === "rotation";
    this.#first = new Int32Array(hasIndex ? length : 0);
    this.#second = new Int32Array(kept === "template" ? length : 0);
    const isIntegrated = integral !== undefined && kept !== "likelihoods";
    this.#integrals = new Float64Array(isIntegrated ? images * templates : 0);
    const none = { value: Number.NEGATIVE_INFINITY, template: -1, displacement: 0, rotation: 0 };
    this.#best = kept === "pose" ? Array.from({ length: images }, () => none) : [];
  }

  take(plan: CorrelatorPlan, best: readonly BestOfImage[], at: ComparedPart): void {
    best.forEach((found, m) => {
      // A later template must be better: ties go to the first.
      if (found.value > this.#best[at.image + m].value)
        this.#best[at.image + m] = { ...found, template: found.template + at.held };
    });
    const copy = (
      name: "values" | "first" | "second" | "integrals",
      into: RealArray | Int32Array,
      each: number,
    ) => {
      if (into.length === 0) return;
      const length = at.templates * each;
      for (let m = 0; m < at.images; m++) {
        const to = ((at.image + m) * this.#size.templates + at.first) * each;
        plan.read(name, into.subarray(to, to + length), m * length);
      }
    };
    copy("values", this.#values, this.#each);
    copy("first", this.#first, this.#each);
    copy("second", this.#second, this.#each);
    copy("integrals", this.#integrals, 1);
  }

  /** What templates of length 1 gave, as their own lengths would have. */
  undoLengths(lengths: Float64Array): void {
    const { templates } = this.#size;
    this.#integrals.forEach((value, i) => {
      this.#integrals[i] = value - 2 * this.#half * Math.log(lengths[i % templates]);
    });
    if (this.#kept !== "norms") return;
    this.#values.forEach((value, i) => {
      this.#values[i] = value * lengths[Math.floor(i / this.#each) % templates] ** 2;
    });
  }

  result(more: Pick<Compared, "errorBound" | "depth">): Compared {
    if (this.#best.some(({ template }) => template < 0) || this.#values.some(Number.isNaN))
      throw notNumbers();
    return {
      ...{ values: this.#values, first: this.#first, second: this.#second },
      ...{ integrals: this.#integrals, best: this.#best },
      ...more,
    };
  }
}

function notNumbers(): VitrineError {
  const hint = "Look at the images and their CTFs";
  return new VitrineError({ code: "range", at: "correlation", expected: "numbers", found: "NaN", hint });
}
