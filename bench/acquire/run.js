// `npm run bench -- acquire [part…] [row…] [seconds]`: the parts of this bench and which of them a command line names.
import { printTable } from "../figures.js";

const PARTS = ["transport", "ndtiff", "events"];

/** Rows of `transport` that a command line may name, where not all are wanted, and where they save. */
const ROWS = ["identity", "worker", "sum", "saved", "into", "new", "heap", "memory", "disk"];

/** How long a run of `transport` is at least, s. */
const SECONDS = 10;

/** Runs the parts that `args` names, all where it names none; rows are those of `transport`. */
export async function run(args) {
  const wrong = args.filter((arg) => ![...PARTS, ...ROWS].includes(arg) && !/^\d+$/.test(arg));
  const rows = ROWS.filter((row) => args.includes(row));
  if (wrong.length > 0 || (rows.length > 0 && !args.includes("transport"))) {
    const expected = `some of ${PARTS.join(", ")}, rows of transport (${ROWS.join(", ")}), or seconds`;
    const found = wrong.length > 0 ? wrong.join(", ") : `${rows.join(", ")} without transport`;
    console.error(`bench acquire: expected ${expected}, found ${found}.`);
    process.exitCode = 2;
    return;
  }
  const seconds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? SECONDS);
  const named = PARTS.filter((part) => args.includes(part));
  const figures = [];
  for (const part of named.length > 0 ? named : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    figures.push(...(await module.run({ seconds, rows })));
    console.log("");
  }
  printTable(
    ["measured", "figure", "bar", ""],
    figures.map(({ what, figure, bar, verdict }) => [what, figure, bar, verdict]),
  );
}
