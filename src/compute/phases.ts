import { VitrineError } from "../core/index.ts";
import type { Kernel, Kernels, PhasesJob, WorkerContext } from "./protocol.ts";

/** Runs a {@link PhasesJob}; reports 1 for every finished phase of the team. */
export function runPhases({ kernels, team, report }: WorkerContext, job: PhasesJob): void {
  job.phases.forEach(({ kernel: name, args, count, step }, i) => {
    const kernel = findKernel(kernels, name, i);
    team.parallel(count, step, (begin, end) => {
      kernel(...args, begin, end);
    });
    if (team.rank === 0) report(1);
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
