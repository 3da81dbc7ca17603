// `npm run bench -- io [part…]`: the parts of this bench and which of them a command line names.
const PARTS = ["tomogram", "zarr", "tables"];

/** Runs the parts that `args` names, all where it names none; numbers behind a part are its sizes. */
export async function run(args) {
  const sizes = args.map(Number).filter((size) => Number.isSafeInteger(size) && size > 0);
  const named = args.filter((arg) => !sizes.includes(Number(arg)));
  const wrong = named.filter((arg) => !PARTS.includes(arg));
  if (wrong.length > 0) {
    console.error(`bench io: expected some of ${PARTS.join(", ")}, found ${wrong.join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  for (const part of named.length > 0 ? named : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    await module.run(sizes);
    console.log("");
  }
}
