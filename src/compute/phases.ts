import { VitrineError } from "../core/index.ts";
import { defineJob, type Kernel, type Kernels, type WorkerContext } from "./job.ts";

/** One kernel over the range 0..count. */
export interface Phase {
  readonly kernel: string;
  /** Arguments before `begin, end`. */
  readonly args: readonly number[];
  /**
   * Working memory: each member of the team has `bytes` of its own, one after the other from `address`, and the kernel
   * is called as `kernel(...args, scratch, begin, end)`. Only where one team runs the job.
   */
  readonly scratch?: { readonly address: number; readonly bytes: number };
  readonly count: number;
  /** Longest range of one call; keep a call below 10 ms so that abort is quick. */
  readonly step: number;
}

/**
 * Runs kernels one after the other, each spread over the team, with a barrier after each: `kernel(...args, begin, end)` for ranges of
 * at most `step` that together are 0..count. Reports 1 for every finished phase of the team.
 */
export function runPhases({ kernels, team, teams, report }: WorkerContext, phases: readonly Phase[]): void {
  phases.forEach((phase, i) => {
    const { args, count, step } = phase;
    const kernel = findKernel(kernels, phase.kernel, i);
    checkRange(phase, i);
    if (phase.scratch !== undefined && teams > 1) throw sharedScratch(i, teams);
    const given = phase.scratch === undefined ? args : [...args, scratchOf(phase.scratch, team.rank)];
    team.parallel(count, step, (begin, end) => {
      kernel(...given, begin, end);
    });
    if (team.rank === 0) report(1);
  });
}

/** Phases of the kernels that `compute` has; a domain makes a job of {@link runPhases} for its own. */
export const phasesJob = defineJob("compute/phases", runPhases);

function scratchOf({ address, bytes }: NonNullable<Phase["scratch"]>, rank: number): number {
  return address + rank * bytes;
}

function checkRange({ count, step }: Phase, phase: number): void {
  if (Number.isInteger(count) && count >= 0 && Number.isInteger(step) && step >= 1) return;
  throw new VitrineError({
    code: "range",
    at: `phases[${phase}]`,
    expected: "a whole count from 0 and a whole step from 1",
    found: `count ${count}, step ${step}`,
  });
}

function findKernel(kernels: Kernels, name: string, phase: number): Kernel {
  const kernel = kernels[name];
  if (kernel !== undefined) return kernel;
  throw new VitrineError({
    code: "missing",
    at: `phases[${phase}].kernel`,
    expected: "a function of the domain's WASM module",
    found: `"${name}"`,
    hint: "If it is a new kernel, run `npm run build`",
  });
}

function sharedScratch(phase: number, teams: number): VitrineError {
  const at = `phases[${phase}].scratch`;
  return new VitrineError({ code: "range", at, expected: "one team", found: `${teams} that would share it` });
}
