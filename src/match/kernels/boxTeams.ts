import { VitrineError } from "../../core/index.ts";

/** As many teams as leave the fewest rounds, weighed by how slow a smaller team is; of equal ones the more. */
export function boxTeams(boxes: number, workers: number): number {
  if (!(Number.isInteger(boxes) && boxes > 0)) {
    const expected = "a whole number above 0";
    throw new VitrineError({ code: "range", at: "correlation boxes", expected, found: String(boxes) });
  }
  let best = 1;
  for (let teams = 2; teams <= Math.min(workers, boxes); teams++) {
    const time = (t: number) => Math.ceil(boxes / t) / Math.floor(workers / t);
    if (time(teams) <= time(best)) best = teams;
  }
  return best;
}

/** Members of the largest team. */
export function membersOf(workers: number, teams: number): number {
  return Math.ceil(workers / teams);
}
