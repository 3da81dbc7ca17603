/** What `work` gives, with its seconds and those of the processors. */
export async function timed(work) {
  const [start, cpu] = [performance.now(), process.cpuUsage()];
  const results = await work();
  const { user, system } = process.cpuUsage(cpu);
  return { seconds: (performance.now() - start) / 1000, cpu: (user + system) / 1e6, results };
}
