import { VitrineError } from "../core/index.ts";
import type { Kernel, Kernels, Phase, PhasesJob, WorkerContext } from "./protocol.ts";

/** Runs a {@link PhasesJob}; reports 1 for every finished phase of the team. */
export function runPhases({ kernels, team, teams, report }: WorkerContext, job: PhasesJob): void {
  job.phases.forEach((phase, i) => {
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
    expected: "a function of kernels.wasm",
    found: `"${name}"`,
    hint: "If it is a new kernel, run `npm run build`",
  });
}

function sharedScratch(phase: number, teams: number): VitrineError {
  const at = `phases[${phase}].scratch`;
  return new VitrineError({ code: "range", at, expected: "one team", found: `${teams} that would share it` });
}
