import { VitrineError } from "./error.ts";
import { didYouMean, nearestName } from "./nearestName.ts";

/** The keys of options, all of them: the compiler finds one that is missing or too many. */
export type OptionKeys<Options> = Readonly<Record<keyof Options, true>>;

/** Refuses a key that a function does not know, which would else be ignored. @param name of the function @throws {VitrineError} format: with the nearest key */
export function requireKnownOptions<Options extends object>(
  name: string,
  options: Options | undefined,
  keys: OptionKeys<Options>,
): void {
  if (options !== undefined) refuseUnknownKeys(options, { known: Object.keys(keys), at: `${name} options` });
}

/** Of an object that holds more, the options that another function knows. */
export function pickOptions<Options extends object>(options: Options, keys: OptionKeys<Options>): Options {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(keys, name))) as Options;
}

/** What an object of options may hold. */
export interface KnownKeys {
  readonly known: readonly string[];
  /** How messages call the object. */
  readonly at: string;
  /** Names that others use, with ours. */
  readonly others?: Readonly<Record<string, string>>;
}

/** Checks the keys alone of options that hold functions and objects of any class. @throws {VitrineError} format: the first unknown key, with the nearest */
export function refuseUnknownKeys(options: object, { known, at, others = {} }: KnownKeys): void {
  const key = Object.keys(options).find((name) => !known.includes(name));
  if (key === undefined) return;
  const nearest = Object.hasOwn(others, key) ? others[key] : nearestName(key, known);
  throw new VitrineError({
    code: "format",
    at: keyPlace(at, [key]),
    expected: "a known key",
    found: `${JSON.stringify(shortenedName(key))}${didYouMean(nearest)}`,
    hint: `Known keys: ${listedNames(known)}`,
  });
}

/** Names longer than this are cut in messages. */
const LONGEST_NAME = 60;

/** A name for a message; a long one is cut. */
export function shortenedName(name: string): string {
  return name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}...` : name;
}

/** A list of names for messages; a long one is cut. */
export function listedNames(names: readonly string[]): string {
  const shown = names.slice(0, 40).map(shortenedName).join(", ");
  return names.length > 40 ? `${shown} ...` : shown;
}

/** The place of a key for messages: `at` and the path within it. */
export function keyPlace(at: string, path: readonly PropertyKey[]): string {
  const text = path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${shortenedName(String(part))}`))
    .join("");
  return text === "" ? at : `${at} ${text.replace(/^\./, "")}`;
}
