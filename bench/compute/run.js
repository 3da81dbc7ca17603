// `npm run bench -- compute [part…] [side…]`: the parts of this bench and which of them a command line names.
const PARTS = ["fft", "gemm"];

/** Runs the parts that `args` names, all where it names none; sides are those of gemm's matrices. */
export async function run(args) {
  const wrong = args.filter((arg) => !PARTS.includes(arg) && !/^[1-9]\d*$/.test(arg));
  if (wrong.length > 0) {
    console.error(
      `bench compute: expected some of ${PARTS.join(", ")}, or sides, found ${wrong.join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const sides = args.filter((arg) => !PARTS.includes(arg));
  const named = PARTS.filter((part) => args.includes(part));
  for (const part of named.length > 0 ? named : PARTS) {
    const module = await import(new URL(`${part}.js`, import.meta.url));
    await module.run(sides);
    console.log("");
  }
}
