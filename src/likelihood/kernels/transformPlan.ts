import type { Numbers } from "./precision.ts";

/** Words before the radices. */
const HEADER = 4;

/** Radices of a length: fours first, then 2, then odd primes. */
function radicesOf(length: number): number[] {
  const radices: number[] = [];
  let rest = length;
  for (const radix of [4, 2]) for (; rest % radix === 0; rest /= radix) radices.push(radix);
  for (let radix = 3; rest > 1; radix += 2) for (; rest % radix === 0; rest /= radix) radices.push(radix);
  return radices;
}

/** Numbers of the twiddles, then of the roots; see assembly/transform.ts. */
function tablesOf(length: number): { readonly twiddles: number[]; readonly roots: number[] } {
  const twiddles: number[] = [];
  const roots: number[] = [];
  const put = (into: number[], turns: number) =>
    into.push(Math.cos(2 * Math.PI * turns), Math.sin(2 * Math.PI * turns));
  let n = length;
  for (const radix of radicesOf(length)) {
    const m = n / radix;
    for (let p = 0; p < m; p++) for (let j = 1; j < radix; j++) put(twiddles, (p * j) / n);
    for (let j = 0; j < radix; j++) put(roots, j / radix);
    n = m;
  }
  return { twiddles, roots };
}

const aligned = (bytes: number) => Math.ceil(bytes / 16) * 16;

/** Bytes of {@link transformPlan}. */
export function transformPlanBytes(length: number, { bytes }: Numbers): number {
  const { twiddles, roots } = tablesOf(length);
  return (
    aligned(4 * (HEADER + radicesOf(length).length)) + aligned(bytes * twiddles.length) + bytes * roots.length
  );
}

/** The plan of transforms of one length (assembly/transform.ts), to lie at `address`. */
export function transformPlan(length: number, address: number, numbers: Numbers): Uint8Array {
  const radices = radicesOf(length);
  const { twiddles, roots } = tablesOf(length);
  const plan = new Uint8Array(transformPlanBytes(length, numbers));
  const first = aligned(4 * (HEADER + radices.length));
  const second = first + aligned(numbers.bytes * twiddles.length);
  new Uint32Array(plan.buffer, 0, HEADER + radices.length).set([
    length,
    radices.length,
    address + first,
    address + second,
    ...radices,
  ]);
  numbers.view(plan.buffer, first, twiddles.length).set(twiddles);
  numbers.view(plan.buffer, second, roots.length).set(roots);
  return plan;
}

/** exp(2 pi i k / n) for k from 0 to n/2: what realTransform of assembly/transform.ts turns by. */
export function halfTurns(inplanes: number, numbers: Numbers): Float32Array | Float64Array {
  const turns = numbers.array(inplanes + 2);
  for (let k = 0; k <= inplanes / 2; k++) {
    turns[2 * k] = Math.cos((2 * Math.PI * k) / inplanes);
    turns[2 * k + 1] = Math.sin((2 * Math.PI * k) / inplanes);
  }
  return turns;
}
