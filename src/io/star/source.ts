/** The text that each piece of a file was read from, with the blanks and comments before it. */
const SOURCES = new WeakMap<object, string>();

/** Remembers the text of a piece. A piece is frozen, so this text stays true of it; a changed copy has none. */
export function keepSource<T extends object>(piece: T, text: string): T {
  SOURCES.set(piece, text);
  return piece;
}

/** The text that a piece was read from; undefined for one that was made. */
export function sourceOf(piece: object): string | undefined {
  return SOURCES.get(piece);
}
