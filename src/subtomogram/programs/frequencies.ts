import type { Log } from "../../program/index.ts";

/** The corner of a box's transform: half a cycle a voxel along each axis. */
export const HIGHEST = Math.sqrt(3) / 2;

/** Frequencies are in cycles/voxel: one above the highest, such as a length in nm or Å, changes nothing, which is said. */
export function warnOfFrequency(
  name: "cutoff" | "randomizeFrom",
  frequency: number | undefined,
  onLog: Log | undefined,
): void {
  if (frequency === undefined || frequency < HIGHEST) return;
  const option = name === "cutoff" ? "--cutoff (cutoff)" : "--randomize-from (randomizeFrom)";
  onLog?.(
    `${option} of ${frequency} cycles/voxel changes nothing: boxes have frequencies up to ${HIGHEST.toFixed(3)}`,
    "warning",
  );
}
