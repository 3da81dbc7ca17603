// `npm run bench -- acquire [part…] [seconds]`: the parts of this bench and which of them a command line names.
import { printTable } from "../figures.js";

const PARTS = ["transport", "ndtiff", "events"];

/** How long a run of `transport` is at least, s. */
const SECONDS = 10;

/** Runs the parts that `args` names, all where it names none. */
export async function run(args) {
  const wrong = args.filter((arg) => !PARTS.includes(arg) && !/^\d+$/.test(arg));
  if (wrong.length > 0) {
    console.error(
      `bench acquire: expected some of ${PARTS.join(", ")}, or seconds, found ${wrong.join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const seconds = Number(args.find((arg) => /^\d+$/.test(arg)) ?? SECONDS);
  const named = PARTS.filter((part) => args.includes(part));
  const figures = [];
  for (const part of named.length > 0 ? named : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    figures.push(...(await module.run({ seconds })));
    console.log("");
  }
  printTable(
    ["measured", "figure", "bar", ""],
    figures.map(({ what, figure, bar, verdict }) => [what, figure, bar, verdict]),
  );
}
