// `npm run bench -- subtomogram [part…]`: what this package and acryo (PyPI) need on the same two cores, in turns. VITRINE_PEERS_PYTHON is a Python that has acryo.
const PARTS = ["align", "average", "planted"];

/** Runs the parts that `args` names, all where it names none. */
export async function run(args) {
  const wrong = args.filter((arg) => !PARTS.includes(arg) && !/^\d+\/\d+$/.test(arg));
  if (wrong.length > 0) {
    const found = wrong.join(", ");
    console.error(
      `bench subtomogram: expected some of ${PARTS.join(", ")}, or BOX/ROTATIONS, found ${found}.`,
    );
    process.exitCode = 2;
    return;
  }
  const cases = args.filter((arg) => !PARTS.includes(arg));
  const named = PARTS.filter((part) => args.includes(part));
  for (const part of named.length > 0 ? named : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    await module.run(cases);
    console.log("");
  }
}
