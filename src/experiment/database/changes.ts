/** How many times something was written by this process, to whichever experiment: what was read before may be old. */
let changes = 0;

/** Tells that something was written. */
export function noteChange(): void {
  changes++;
}

/** Another number after every change by this process. */
export function changeCount(): number {
  return changes;
}
