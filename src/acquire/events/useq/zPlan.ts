import { arange, type Steps } from "../arange.ts";
import type { ZPlan } from "./schema.ts";

/** The planes of a z plan, µm. */
export interface ZPlanes extends Steps {
  /** Whether the planes count from the position's own z. */
  readonly isRelative: boolean;
  /** The plane of channels without a stack. */
  readonly middle: number;
}

/**
 * The planes of a plan in the order of their visit.
 *
 * Source: useq-schema 0.9.2, `ZPlan`. Its `num_positions`, of which the middle plane is taken, may differ from the number of
 * planes by one.
 */
export function zPlanes(plan: ZPlan, at: string): ZPlanes {
  if ("top" in plan) return rangePlanes({ start: plan.bottom, end: plan.top, isRelative: false }, plan, at);
  if ("above" in plan) {
    return rangePlanes(
      { start: -Math.abs(plan.below), end: Math.abs(plan.above), isRelative: true },
      plan,
      at,
    );
  }
  if ("range" in plan)
    return rangePlanes({ start: -plan.range / 2, end: plan.range / 2, isRelative: true }, plan, at);
  if ("absolute" in plan)
    return listedPlanes(plan.absolute, { isRelative: false, isUp: plan.go_up !== false });
  return listedPlanes(plan.relative, { isRelative: true, isUp: plan.go_up !== false });
}

interface ZRange {
  readonly start: number;
  readonly end: number;
  readonly isRelative: boolean;
}

function rangePlanes({ start, end, isRelative }: ZRange, { step, go_up }: RangePlan, at: string): ZPlanes {
  const single: Steps = { length: 1, at: () => start };
  const steps = step === 0 ? single : arange({ start, stop: end + step / 2, step }, `${at} step`);
  const count = step === 0 ? 1 : Math.ceil(Number(((end + step - start) / step).toFixed(6)));
  return { ...inVisitOrder(steps, go_up !== false), isRelative, middle: Math.floor(count / 2) };
}

interface RangePlan {
  readonly step: number;
  readonly go_up?: boolean | undefined;
}

function listedPlanes(
  planes: readonly number[],
  { isRelative, isUp }: { isRelative: boolean; isUp: boolean },
): ZPlanes {
  const steps: Steps = { length: planes.length, at: (i) => planes[i] };
  return { ...inVisitOrder(steps, isUp), isRelative, middle: Math.floor(planes.length / 2) };
}

function inVisitOrder(steps: Steps, isUp: boolean): Steps {
  return isUp ? steps : { length: steps.length, at: (i) => steps.at(steps.length - 1 - i) };
}
