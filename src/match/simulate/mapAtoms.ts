import { VitrineError } from "../../core/index.ts";
import { type Atom, type AtomSelection, readAtoms } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";

/** Which atoms of a file a map is made of. */
export interface MapAtomsOptions {
  /** Which model, counted from 1, or all together; default the first. */
  readonly model?: number | "all";
  /** Take every atom fully. */
  readonly ignoreOccupancy?: boolean;
  readonly select?: AtomSelection;
  readonly onLog?: Log | undefined;
}

/**
 * Reads the atoms of a map and says what of the file is not used.
 *
 * @throws {VitrineError} range: atoms that all have occupancy 0, whose map would be empty; and as `readAtoms`
 */
export async function readMapAtoms(
  path: string,
  { model, ignoreOccupancy = false, select = {}, onLog }: MapAtomsOptions = {},
): Promise<readonly Atom[]> {
  const { models, warnings } = await readAtoms(path, { ...(typeof model === "number" && { model }), select });
  for (const warning of warnings) onLog?.(warning, "warning");
  if (models.length > 1 && model === undefined) {
    const others =
      "--models all takes all together (biological assemblies are written so), --model another one";
    onLog?.(`${path}: the first of ${models.length} models is taken; ${others}`, "warning");
  }
  const atoms = model === "all" ? models.flat() : models[0];
  const others = atoms.filter(
    ({ alternate }) => alternate !== "" && alternate !== "A" && alternate !== "1",
  ).length;
  if (ignoreOccupancy && others > 0)
    onLog?.(
      `${path}: ${others} atoms are other locations of atoms that are there too, and --ignore-occupancy takes all of them fully`,
      "warning",
    );
  if (ignoreOccupancy) return atoms.map((atom) => ({ ...atom, occupancy: 1 }));
  const empty = atoms.filter(({ occupancy }) => occupancy === 0).length;
  if (empty === atoms.length) throw noOccupancy(path);
  if (empty > 0)
    onLog?.(
      `${path}: ${empty} of ${atoms.length} atoms have occupancy 0 and add nothing; --ignore-occupancy takes every atom fully`,
      "warning",
    );
  const odd = atoms.find(({ occupancy }) => occupancy < 0 || occupancy > 1);
  if (odd !== undefined)
    onLog?.(
      `${path}: occupancies beyond 0 to 1 (${odd.occupancy} of ${odd.name}) weigh atoms as they say; --ignore-occupancy takes every atom fully`,
      "warning",
    );
  const used = model === "all" ? models : models.slice(0, 1);
  const double = used.map(doubleLocations).find((text) => text !== undefined);
  if (double !== undefined)
    onLog?.(
      `${path}: occupancies of the other locations of an atom add up to more than 1 (${double}), and each weighs as it says; edit the file to keep one`,
      "warning",
    );
  return atoms;
}

/** What a rounded share of each of a few locations may add. */
const ROUNDING = 0.03;

/** The first atom whose locations have more than all of it: `2 of CA in ALA 12`. */
function doubleLocations(atoms: readonly Atom[]): string | undefined {
  const sums = new Map<string, number>();
  for (const { alternate, chain, residueNumber, insertion = "", name, residue, occupancy } of atoms) {
    if (alternate === "" || Number.isNaN(residueNumber)) continue;
    const key = `${chain}\n${residueNumber}\n${insertion}\n${name}`;
    const sum = (sums.get(key) ?? 0) + occupancy;
    sums.set(key, sum);
    if (sum > 1 + ROUNDING) return `${Number(sum.toFixed(2))} of ${name} in ${residue} ${residueNumber}`;
  }
  return undefined;
}

function noOccupancy(path: string): VitrineError {
  return new VitrineError({
    code: "range",
    at: `${path} occupancy`,
    expected: "atoms that are there",
    found: "0 of every atom, as simulation programs write it",
    hint: "Take every atom fully with --ignore-occupancy (ttsim3d always does)",
  });
}
