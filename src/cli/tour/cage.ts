import { join } from "node:path";
import { writeMrc } from "../../io/index.ts";
import { type Molecule, simulateMolecule, volumeFromMolecule } from "../../match/index.ts";
import { symmetryRotations } from "../../optics/index.ts";

/** Of the cage, and of all searches for it. */
export const SYMMETRY = "O";
export const BOX = 96;
export const PIXEL_SIZE_A = 2;
/** Where a subunit lies, Å from the middle. */
const SUBUNIT_AT = [44, 24, 12] as const;
const SUBUNIT = { seed: 7, atomCount: 60, radiusA: 24, sigmaA: 2 };
/** How far the subunits of the open cage are turned about their own axes. */
const OPEN_DEG = 30;

/** Writes `closed.mrc` and `open.mrc`: a cage of 24 subunits, and the same with its subunits turned. */
export async function writeCages(dir: string): Promise<void> {
  const angles = { closed: 0, open: OPEN_DEG };
  for (const [name, turnDeg] of Object.entries(angles)) {
    const volume = volumeFromMolecule(cageOf(turnDeg), { boxSize: BOX, voxelSizeA: PIXEL_SIZE_A });
    await writeMrc(join(dir, `${name}.mrc`), volume, { overwrite: true });
  }
}

/** A synthetic molecule with the symmetry of a cube. */
function cageOf(turnDeg: number): Molecule {
  const { positionsA, weights, sigmaA } = simulateMolecule(SUBUNIT);
  const atoms = Array.from(weights, (_, i) => {
    const [x, y, z] = positionsA.subarray(3 * i, 3 * i + 3);
    return turned([x, y, z], turnDeg).map((value, axis) => value + SUBUNIT_AT[axis]);
  });
  const rotations = symmetryRotations(SYMMETRY);
  const all = rotations.flatMap((r) =>
    atoms.flatMap(([x, y, z]) => [0, 3, 6].map((row) => r[row] * x + r[row + 1] * y + r[row + 2] * z)),
  );
  return {
    positionsA: Float64Array.from(all),
    weights: Float64Array.from(rotations.flatMap(() => [...weights])),
    sigmaA,
  };
}

type Xyz = readonly [x: number, y: number, z: number];

/** About the line from the middle of the cage (Rodrigues' formula). */
function turned(v: Xyz, turnDeg: number): Xyz {
  const [c, s] = [Math.cos((turnDeg * Math.PI) / 180), Math.sin((turnDeg * Math.PI) / 180)];
  const length = Math.hypot(...SUBUNIT_AT);
  const [kx, ky, kz] = SUBUNIT_AT.map((value) => value / length);
  const along = (kx * v[0] + ky * v[1] + kz * v[2]) * (1 - c);
  return [
    v[0] * c + (ky * v[2] - kz * v[1]) * s + kx * along,
    v[1] * c + (kz * v[0] - kx * v[2]) * s + ky * along,
    v[2] * c + (kx * v[1] - ky * v[0]) * s + kz * along,
  ];
}
