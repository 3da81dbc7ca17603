/** Characters of a text that messages show. */
const SHOWN = 30;

/** How messages call a place in a text: line and column from 1. */
export function placeInText(text: string, offset: number, at: string): string {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return `${at} line ${line} column ${offset - (before.lastIndexOf("\n") + 1) + 1}`;
}

/** What stands at a place of a text, for messages: the rest of its line, or that it ends there. */
export function foundInText(text: string, offset: number): string {
  if (text.slice(offset).trim() === "") return text.trim() === "" ? "nothing" : "the end of the text";
  const [line] = text.slice(offset, offset + 4 * SHOWN).split(/\r?\n/, 1);
  if (line === "") return "the end of the line";
  return JSON.stringify(line.length > SHOWN ? `${line.slice(0, SHOWN)}...` : line);
}
