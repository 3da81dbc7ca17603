import { VitrineError } from "../../../core/index.ts";
import { lazyIterable } from "../lazyIterable.ts";
import { roundedToEven } from "./duration.ts";
import type { TimePhase, TimePlan } from "./schema.ts";

/** Equidistant time points, µs. */
interface Phase {
  readonly intervalUs: number;
  readonly loops: number;
}

/**
 * The time points of a plan, s, from 0. A later phase begins where the one before ended, and its first point is that one's
 * last.
 *
 * @throws {VitrineError} range: an interval of 0 with a duration, or a duration with a single time point
 * Source: useq-schema 0.9.2, `TimePlan.deltas`.
 */
export function timePoints(plan: TimePlan, at: string): Iterable<number> {
  if ("phases" in plan) {
    const phases = plan.phases.map((phase, i) => phaseOf(phase, `${at}[${i}]`));
    return lazyIterable(() => pointsOfPhases(phases));
  }
  const phase = phaseOf(plan, at);
  return lazyIterable(() => pointsOf(phase));
}

function phaseOf(plan: TimePhase, at: string): Phase {
  if (!("loops" in plan)) {
    if (plan.interval === 0) throw emptyStep(`${at} interval`, "an interval that is not 0");
    const rest = plan.duration % plan.interval;
    const towardsZero = (plan.duration - rest) / plan.interval;
    const below = rest !== 0 && rest < 0 !== plan.interval < 0 ? 1 : 0;
    return { intervalUs: plan.interval, loops: towardsZero - below + 1 };
  }
  if ("interval" in plan) return { intervalUs: plan.interval, loops: plan.loops };
  if (plan.loops === 1) throw emptyStep(`${at} loops`, "at least 2 time points in a duration");
  return { intervalUs: roundedToEven(plan.duration / (plan.loops - 1)), loops: plan.loops };
}

function emptyStep(at: string, expected: string): VitrineError {
  const found = at.endsWith("loops") ? "1" : "0";
  return new VitrineError({ code: "range", at, expected, found, hint: "Give interval and loops instead" });
}

function* pointsOf({ intervalUs, loops }: Phase): Generator<number> {
  for (let i = 0; i < loops; i++) yield (i * intervalUs) / 1e6;
}

function* pointsOfPhases(phases: readonly Phase[]): Generator<number> {
  let beginUs = 0;
  yield 0;
  for (const { intervalUs, loops } of phases) {
    for (let i = 1; i < loops; i++) yield (beginUs + i * intervalUs) / 1e6;
    if (loops > 0) beginUs += (loops - 1) * intervalUs;
  }
}
