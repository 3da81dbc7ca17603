/** Lines that would be said of many files, wells and sites, said once: with how many, and the first. */
import { groupBy } from "./group.ts";

/** Names that a line lists. */
const LISTED = 5;

/** The first names, and how many more there are. */
export function firstFew(names: readonly string[]): string {
  const more = names.length > LISTED ? ` and ${names.length - LISTED} more` : "";
  return `${names.slice(0, LISTED).join(", ")}${more}`;
}

/**
 * The first lines, and one for all others.
 *
 * @param rest  what else there is, as `3 more files that cannot be read`
 */
export function firstLines(lines: readonly string[], rest: (more: number) => string): string[] {
  // a line for one line would save nothing
  return lines.length <= LISTED + 1 ? [...lines] : [...lines.slice(0, LISTED), rest(lines.length - LISTED)];
}

/** What is said of a well. */
export interface WellNote {
  readonly plate: string;
  readonly well: string;
  readonly what: string;
}

/** A line for all wells of a plate of which the same is said. */
export function wellLines(notes: readonly WellNote[]): string[] {
  return [...groupBy(notes, ({ plate, what }) => `${plate}\u0000${what}`).values()].map((of) => {
    const [{ plate, what }] = of;
    return `plate ${plate} ${of.length === 1 ? "well" : "wells"} ${firstFew(of.map(({ well }) => well))}: ${what}`;
  });
}
