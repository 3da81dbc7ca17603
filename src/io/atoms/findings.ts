/** Of how many things a kind of finding names the first. */
const NAMED = 3;

/** What a reader left out or guessed, a line for each kind with how often and where first. */
export class Findings {
  readonly #at: string;
  #fault: Error | undefined;
  readonly #places = new Map<string, { count: number; readonly first: string[] }>();

  /** @param at  how messages call the file */
  constructor(at: string) {
    this.#at = at;
  }

  /**
   * @param kind   what was done, with its reason: `residue numbers that overflow their columns are left open`
   * @param place  the line, or the atom
   */
  add(kind: string, place: string): void {
    const found = this.#places.get(kind) ?? { count: 0, first: [] };
    this.#places.set(kind, found);
    found.count++;
    if (found.first.length < NAMED) found.first.push(place);
  }

  /**
   * An atom is left out, since nobody knows its element.
   *
   * @param fault  the error if no other atom is there
   */
  leaveOut(element: string, place: string, fault: Error): void {
    this.#fault ??= fault;
    this.add(`atom of the unknown element ${element} left out`, place);
  }

  /** Why there is no atom at all, where each was left out. */
  get fault(): Error | undefined {
    return this.#fault;
  }

  /** `a.pdb: X of unknown element left out (2: line 3, line 4)`. */
  get lines(): string[] {
    return [...this.#places].map(([kind, { count, first }]) => {
      const more = count > first.length ? ", …" : "";
      return `${this.#at}: ${kind} (${count}: ${first.join(", ")}${more})`;
    });
  }
}
