// `npm run bench -- match [part…] [side…]`: the parts of this bench and which of them a command line names.
import { printTable } from "../figures.js";
import { SIZES } from "./workload.js";

/** Part by name: whether it runs unless others are named, and the sizes that it takes unless some are. */
const PARTS = {
  search: { always: true, sides: [512, 1024, 2048, 4096] },
  loop: { always: true, sides: [512, 1024, 2048, 4096] },
  memory: { always: true, sides: [4096] },
  abort: { always: true, sides: [1024, 4096] },
  scaling: { always: true, sides: [512, 4096] },
  phases: { always: false, sides: [512, 1024, 2048, 4096] },
  noise: { always: false, sides: [] },
  coarse: { always: false, sides: [] },
  gradient: { always: false, sides: [] },
  peaks: { always: false, sides: [] },
};

/** Runs the parts that `args` names (those that always run where it names none) at the sizes that it names. */
export async function run(args) {
  const wrong = unknownWords(args);
  if (wrong.length > 0) {
    const known = [...Object.keys(PARTS), ...SIZES.map(({ image }) => image)].join(", ");
    console.error(`bench match: expected some of ${known}, found ${wrong.join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  const { parts, sides } = parse(args);
  const figures = [];
  for (const part of parts) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    const wanted = sides.length > 0 ? sides : PARTS[part].sides;
    figures.push(...(await module.run({ sizes: SIZES.filter(({ image }) => wanted.includes(image)) })));
    console.log("");
  }
  if (figures.length === 0) return;
  printTable(
    ["measured", "figure", "bar", ""],
    figures.map(({ what, figure, bar, verdict }) => [what, figure, bar, verdict]),
  );
}

function parse(args) {
  const sides = args.filter((arg) => /^\d+$/.test(arg)).map(Number);
  const named = args.filter((arg) => !/^\d+$/.test(arg));
  const parts = named.length > 0 ? named : Object.keys(PARTS).filter((part) => PARTS[part].always);
  return { parts, sides };
}

function unknownWords(args) {
  return args.filter((arg) => !Object.hasOwn(PARTS, arg) && !SIZES.some(({ image }) => `${image}` === arg));
}
