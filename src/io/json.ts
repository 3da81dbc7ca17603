import { VitrineError } from "../core/index.ts";
import { foundInText, placeInText } from "./textPlace.ts";

/** A token of JSON, or whitespace. */
const TOKEN =
  /[ \t\r\n]+|[{}[\],:]|"(?:[^"\\\p{Cc}]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/uy;

/** What may come next, in words. */
type Next = keyof typeof WORDS;

const WORDS = {
  value: "a value",
  firstItem: "a value or ]",
  key: 'a key in double quotes ("")',
  firstKey: 'a key in double quotes ("") or }',
  colon: "a colon",
  inList: "a comma or ]",
  inObject: "a comma or }",
  end: "nothing after the value",
} as const;

/**
 * Reads JSON that a user wrote.
 *
 * @param at  how messages call the file
 * @throws {VitrineError} format: with line and column, what could stand there and what does
 */
export function parseJsonText(text: string, at: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const { offset, next } = faultOf(text);
    const hint =
      (next === "key" && text[offset] === "}") || (next === "value" && text[offset] === "]")
        ? "Remove the comma before it"
        : undefined;
    const fault = { expected: `JSON, here ${WORDS[next]}`, found: foundInText(text, offset) };
    throw new VitrineError(
      { code: "format", at: placeInText(text, offset, at), ...fault, ...(hint && { hint }) },
      { cause },
    );
  }
}

/** The first token that JSON does not allow where it stands: engines call the place in words of their own, or not at all. */
function faultOf(text: string): { readonly offset: number; readonly next: Next } {
  const open: ("{" | "[")[] = [];
  let [offset, next]: [number, Next] = [0, "value"];
  while (offset < text.length) {
    TOKEN.lastIndex = offset;
    const token = TOKEN.exec(text)?.[0];
    if (token === undefined) break;
    if (token.trim() !== "") {
      const after = step(token, next, open);
      if (after === undefined) break;
      next = after;
    }
    offset += token.length;
  }
  return { offset, next };
}

/** What may follow a token; undefined where it must not stand. `open` loses and gains what it closes and opens. */
function step(token: string, next: Next, open: ("{" | "[")[]): Next | undefined {
  const inside = (): Next => (open.length === 0 ? "end" : open.at(-1) === "[" ? "inList" : "inObject");
  if (token === "}" || token === "]") {
    const allowed: readonly Next[] = token === "]" ? ["firstItem", "inList"] : ["firstKey", "inObject"];
    if (!allowed.includes(next)) return undefined;
    open.pop();
    return inside();
  }
  if (token === ",") return next === "inList" ? "value" : next === "inObject" ? "key" : undefined;
  if (token === ":") return next === "colon" ? "value" : undefined;
  if (next === "key" || next === "firstKey") return token.startsWith('"') ? "colon" : undefined;
  if (next !== "value" && next !== "firstItem") return undefined;
  if (token !== "{" && token !== "[") return inside();
  open.push(token);
  return token === "{" ? "firstKey" : "firstItem";
}
