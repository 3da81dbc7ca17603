import { VitrineError } from "../core/index.ts";
import type { Kernel, Kernels, Phase, PhasesJob, WorkerContext } from "./protocol.ts";

/** Runs a {@link PhasesJob}; reports 1 for every finished phase of the team. */
export function runPhases({ kernels, team, report }: WorkerContext, job: PhasesJob): void {
  job.phases.forEach((phase, i) => {
    const { args, count, step } = phase;
    const kernel = findKernel(kernels, phase.kernel, i);
    checkRange(phase, i);
    team.parallel(count, step, (begin, end) => {
      kernel(...args, begin, end);
    });
    if (team.rank === 0) report(1);
  });
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
