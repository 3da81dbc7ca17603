// `npm run bench -- io [part…]`: the parts of this bench and which of them a command line names.
const PARTS = ["tomogram", "tables"];

/** Runs the parts that `args` names, all where it names none. */
export async function run(args) {
  const wrong = args.filter((arg) => !PARTS.includes(arg));
  if (wrong.length > 0) {
    console.error(`bench io: expected some of ${PARTS.join(", ")}, found ${wrong.join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  for (const part of args.length > 0 ? args : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    await module.run();
    console.log("");
  }
}
