// A pool's thread that runs searches with its kernels timed or some of them left out; see probe.js.
import { parentPort } from "node:worker_threads";
import { claim, controlView, report } from "../../dist/compute/control.js";
import { runCorrelateJob } from "../../dist/compute/correlateJob.js";
import { runPhases } from "../../dist/compute/phases.js";
import { Team } from "../../dist/compute/team.js";

let self;

parentPort.on("message", async (message) => {
  try {
    if (message.kind === "init") self = await open(message);
    else run(message);
    parentPort.postMessage({ kind: "done" });
  } catch (error) {
    const fault = {
      code: "worker",
      at: "probe",
      expected: "to finish",
      found: String(error?.stack ?? error),
    };
    parentPort.postMessage({ kind: "failed", fault });
  }
});

async function open({ module, memory, controlAddress, worker, workers }) {
  const { exports } = await WebAssembly.instantiate(module, { env: { memory } });
  return { memory, worker, kernels: exports, control: controlView(memory, controlAddress, workers) };
}

function run({ job, seat }) {
  const { memory, control } = self;
  const context = {
    kernels: job.kind === "correlate" ? kernelsFor(job.probe) : self.kernels,
    memory,
    control,
    team: new Team(control, seat),
    teams: seat.teams,
    claim: (slot) => claim(control, slot),
    report: (amount) => report(control, amount),
  };
  if (job.kind === "correlate") runCorrelateJob(context, job);
  else runPhases(context, job);
}

function kernelsFor({ mode, kernels, loop, times }) {
  const functions = Object.entries(self.kernels).filter(([, value]) => typeof value === "function");
  if (mode === "timed") {
    const sums = new Float64Array(
      self.memory.buffer,
      times + 8 * kernels.length * self.worker,
      kernels.length,
    );
    return Object.fromEntries(
      functions.map(([name, kernel]) => [name, timed(kernel, sums, kernels.indexOf(name))]),
    );
  }
  if (mode === "full") return Object.fromEntries(functions);
  const idle = () => undefined;
  return Object.fromEntries(functions.map(([name, kernel]) => [name, loop.includes(name) ? kernel : idle]));
}

function timed(kernel, sums, index) {
  if (index < 0) return kernel;
  return (...args) => {
    const start = performance.now();
    kernel(...args);
    sums[index] += performance.now() - start;
  };
}
