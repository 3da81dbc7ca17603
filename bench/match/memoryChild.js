// A search in a process of its own, in the working directory with as many workers as the argument says; prints its peak resident memory as JSON.
import { runMatch } from "vitrine/match";

const workers = Number(process.argv[2]);
const begun = performance.now();
const { correlations } = await runMatch("search.yaml", { workers, overwrite: true });
const seconds = (performance.now() - begun) / 1000;
const peakBytes = 1024 * process.resourceUsage().maxRSS;
process.stdout.write(`${JSON.stringify({ workers, correlations, seconds, peakBytes })}\n`);
