import { type Backend, createFft, type FftPlan } from "../compute/index.ts";
import { requireKnownOptions, VitrineError, type Volume } from "../core/index.ts";
import { columnWeight, rfftWidth } from "./frequencies.ts";

/** Agreement of two maps by spatial frequency. */
export interface ShellCorrelation {
  /** Centre of each shell, cycles/voxel; shell i holds frequencies nearer to i/n than to its neighbours. */
  readonly frequencies: Float64Array;
  /** -1 to 1; NaN where a map has no power. */
  readonly correlations: Float64Array;
  /** Coefficients of the full transform in each shell. */
  readonly counts: Float64Array;
}

/**
 * Correlates two maps shell by shell of Fourier space: Re Σ A B* / √(Σ |A|² Σ |B|²), the sums over the whole transform,
 * for shells of one Fourier voxel from 0 to Nyquist, floor(n / 2).
 *
 * @param a  (n, n, n); not changed
 * @param b  as `a`
 * @throws {VitrineError} shape: not a cube, or two shapes
 * Source: Harauz & van Heel 1986, Optik 73:146.
 */
export async function fourierShellCorrelation(
  backend: Backend,
  a: Volume,
  b: Volume,
  options: { readonly signal?: AbortSignal } = {},
): Promise<ShellCorrelation> {
  requireKnownOptions("fourierShellCorrelation", options, { signal: true });
  const n = requireCubes(a, b);
  const plans: FftPlan[] = [];
  try {
    for (const { data } of [a, b]) {
      const plan = createFft(backend, { kind: "real3d", shape: [n, n, n] });
      plans.push(plan);
      plan.set("real", data);
      await plan.run("forward", options);
    }
    return correlateShells(plans[0], plans[1], n);
  } finally {
    for (const plan of plans) plan.dispose();
  }
}

function correlateShells(a: FftPlan, b: FftPlan, n: number): ShellCorrelation {
  const shells = Math.floor(n / 2) + 1;
  const [cross, powerA, powerB, counts] = [0, 1, 2, 3].map(() => new Float64Array(shells));
  const columns = rfftWidth(n);
  const [rowA, rowB] = [new Float32Array(2 * columns), new Float32Array(2 * columns)];
  for (let row = 0; row < n * n; row++) {
    a.read("spectrum", rowA, row);
    b.read("spectrum", rowB, row);
    const square = signed(Math.floor(row / n), n) ** 2 + signed(row % n, n) ** 2;
    for (let x = 0; x < columns; x++) {
      const shell = Math.round(Math.sqrt(square + x * x));
      if (shell >= shells) break;
      const weight = columnWeight(x, n);
      const [reA, imA, reB, imB] = [rowA[2 * x], rowA[2 * x + 1], rowB[2 * x], rowB[2 * x + 1]];
      cross[shell] += weight * (reA * reB + imA * imB);
      powerA[shell] += weight * (reA * reA + imA * imA);
      powerB[shell] += weight * (reB * reB + imB * imB);
      counts[shell] += weight;
    }
  }
  return {
    frequencies: Float64Array.from(cross, (_, shell) => shell / n),
    correlations: cross.map((sum, shell) => sum / Math.sqrt(powerA[shell] * powerB[shell])),
    counts,
  };
}

function signed(index: number, n: number): number {
  return 2 * index < n ? index : index - n;
}

function requireCubes(a: Volume, b: Volume): number {
  const [n] = a.shape;
  const isCube = ({ shape, data }: Volume) => shape.every((side) => side === n) && data.length === n ** 3;
  if (n >= 1 && isCube(a) && isCube(b)) return n;
  throw new VitrineError({
    code: "shape",
    at: "fourierShellCorrelation()",
    expected: "two cubes of one size",
    found: `${a.shape.join(" x ")} and ${b.shape.join(" x ")}`,
  });
}
