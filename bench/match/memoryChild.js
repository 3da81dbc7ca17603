// A search in a process of its own, in the working directory with as many workers as the argument says; prints its peak resident memory as JSON.
import { runMatch } from "vitrine/match";
import { peakMemoryMiB } from "../../test/support/peakMemory.mjs";

const workers = Number(process.argv[2]);
const begun = performance.now();
const { correlations } = await runMatch("search.yaml", { workers, overwrite: true });
const seconds = (performance.now() - begun) / 1000;
const peakBytes = 2 ** 20 * peakMemoryMiB();
process.stdout.write(`${JSON.stringify({ workers, correlations, seconds, peakBytes })}\n`);
