// A pool's thread that runs searches with their kernels timed or some of them left out; see probe.js.
import { serveJobs } from "../../dist/compute/serve.node.js";
import { domains } from "../../dist/worker/domains.js";

serveJobs(
  Object.fromEntries(Object.entries(domains).map(([name, load]) => [name, async () => probed(await load())])),
);

/** The same domain; its jobs get their own parameters and what the probe wants of their kernels. */
function probed({ jobs, kernels }) {
  const wrapped = jobs.map(({ name, run }) => ({
    name,
    run: (context, { parameters, probe }) =>
      run(
        name === "match/correlation" ? { ...context, kernels: kernelsFor(context, probe) } : context,
        parameters,
      ),
  }));
  return { jobs: wrapped, kernels };
}

function kernelsFor({ kernels: functions, memory, team }, { mode, kernels, loop, times }) {
  if (mode === "full") return functions;
  const all = Object.entries(functions);
  if (mode === "timed") {
    const worker = team.index * team.size + team.rank; // teams are of one size here
    const sums = new Float64Array(memory.buffer, times + 8 * kernels.length * worker, kernels.length);
    return Object.fromEntries(
      all.map(([name, kernel]) => [name, timed(kernel, sums, kernels.indexOf(name))]),
    );
  }
  const idle = () => undefined;
  return Object.fromEntries(all.map(([name, kernel]) => [name, loop.includes(name) ? kernel : idle]));
}

function timed(kernel, sums, index) {
  if (index < 0) return kernel;
  return (...args) => {
    const start = performance.now();
    kernel(...args);
    sums[index] += performance.now() - start;
  };
}
