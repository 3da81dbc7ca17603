import type { ComparedPart, ComparisonVisitor } from "../correlation/comparison.ts";
import type { CorrelatorPlan } from "../kernels/index.ts";

/** A pose of the grid, and what part of an image's posterior it has. */
export interface LikelyPose {
  /** Indices of template, displacement and in-plane angle. */
  readonly template: number;
  readonly displacement: number;
  readonly rotation: number;
  readonly posterior: number;
}

/** Posteriors of images over poses: template, displacement and in-plane rotation, given one structure. */
export interface PosePosterior {
  /** (images, templates): over viewing directions, whatever the displacement and rotation; rows of sum 1. */
  readonly viewsMS: Float64Array;
  /** (images, displacements), whatever the view and rotation. */
  readonly displacementsMd: Float64Array;
  /** (images, inplanes), whatever the view and displacement. */
  readonly rotationsMw: Float64Array;
  /** [images] exp of the entropy: over how many poses of the grid a posterior spreads. */
  readonly effectivePosesM: Float64Array;
  /** Of each image the ten likeliest poses, or fewer that hold 99 %; best first, of equal ones the first. */
  readonly likeliest: readonly (readonly LikelyPose[])[];
}

/** Poses of an image that are named, and what they hold together at most. */
const [MOST_POSES, HELD] = [10, 0.99] as const;
/** Views that have less of an image's posterior are passed over: of 10,000 they have a ten-thousandth. */
const LEAST_VIEW = 1e-8;
/** Terms below e^-36 of the largest change nothing that float64 can hold. */
const WINDOW = 36;

interface PoseCounts {
  readonly images: number;
  readonly templates: number;
  readonly displacements: number;
  readonly inplanes: number;
}

/** Adds log-likelihoods of poses up, view by view of each image: within a view they say how its share is divided. @internal */
export class PoseSums implements ComparisonVisitor {
  readonly #views: Float64Array;
  readonly #counts: PoseCounts;
  #displacements = new Float64Array();
  #rotations = new Float64Array();
  #entropies = new Float64Array();
  #held = new Float64Array();
  #likeliest: LikelyPose[][] = [];

  /** @param views  (images, templates), rows of sum 1 */
  constructor(views: Float64Array, counts: PoseCounts) {
    this.#views = views;
    this.#counts = counts;
    this.begin();
  }

  begin(): void {
    const { images, displacements, inplanes } = this.#counts;
    this.#displacements = new Float64Array(images * displacements);
    this.#rotations = new Float64Array(images * inplanes);
    this.#entropies = new Float64Array(images);
    this.#held = new Float64Array(images);
    this.#likeliest = Array.from({ length: images }, () => []);
  }

  wants(part: ComparedPart): boolean {
    for (let m = part.image; m < part.image + part.images; m++)
      for (let s = part.first; s < part.first + part.templates; s++) if (this.#isSeen(m, s)) return true;
    return false;
  }

  #isSeen(image: number, template: number): boolean {
    return this.#views[image * this.#counts.templates + template] > LEAST_VIEW;
  }

  take(plan: CorrelatorPlan, { image, images, first, templates }: ComparedPart): void {
    const { displacements, inplanes } = this.#counts;
    const poses = displacements * inplanes;
    const values = plan.size.precision === "single" ? new Float32Array(poses) : new Float64Array(poses);
    const shares = new Float64Array(poses);
    for (let m = 0; m < images; m++)
      for (let s = 0; s < templates; s++) {
        if (!this.#isSeen(image + m, first + s)) continue;
        plan.read("values", values, (m * templates + s) * poses);
        this.#add(image + m, first + s, { values, shares });
      }
  }

  /** Divides the share of a view among its poses. */
  #add(
    image: number,
    template: number,
    { values, shares }: { readonly values: ArrayLike<number>; readonly shares: Float64Array },
  ): void {
    const { templates, displacements, inplanes } = this.#counts;
    const view = this.#views[image * templates + template];
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) most = Math.max(most, values[i]);
    let [sum, energy] = [0, 0];
    for (let i = 0; i < values.length; i++) {
      const below = values[i] - most;
      shares[i] = below > -WINDOW ? Math.exp(below) : 0;
      sum += shares[i];
      energy += shares[i] * below;
    }
    // the entropy of parts of a part: its own share of theirs and of that of the whole
    this.#entropies[image] += view * (Math.log(sum) - energy / sum - Math.log(view));
    this.#held[image] += view;
    for (let d = 0, i = 0; d < displacements; d++)
      for (let w = 0; w < inplanes; w++, i++) {
        const posterior = (view * shares[i]) / sum;
        this.#displacements[image * displacements + d] += posterior;
        this.#rotations[image * inplanes + w] += posterior;
        this.#keep(image, posterior, { template, displacement: d, rotation: w });
      }
  }

  #keep(image: number, posterior: number, pose: Omit<LikelyPose, "posterior">): void {
    const list = this.#likeliest[image];
    if (posterior === 0) return;
    if (list.length === MOST_POSES && posterior <= list[MOST_POSES - 1].posterior) return;
    const after = list.findIndex((other) => other.posterior < posterior);
    list.splice(after < 0 ? list.length : after, 0, { ...pose, posterior });
    if (list.length > MOST_POSES) list.pop();
  }

  result(): Omit<PosePosterior, "viewsMS"> {
    const { displacements, inplanes } = this.#counts;
    const whole = (values: Float64Array, each: number) =>
      values.map((value, i) => value / this.#held[Math.floor(i / each)]);
    return {
      displacementsMd: whole(this.#displacements, displacements),
      rotationsMw: whole(this.#rotations, inplanes),
      effectivePosesM: this.#entropies.map(Math.exp),
      likeliest: this.#likeliest.map(untilHeld),
    };
  }
}

function untilHeld(poses: readonly LikelyPose[]): LikelyPose[] {
  let held = 0;
  return poses.filter(({ posterior }) => {
    const isNeeded = held < HELD;
    held += posterior;
    return isNeeded;
  });
}
