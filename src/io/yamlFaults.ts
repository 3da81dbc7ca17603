import type { YAMLError } from "yaml";
import { VitrineError } from "../core/index.ts";
import { foundInText, placeInText } from "./textPlace.ts";

/** What a fault of YAML means to who wrote the file. */
interface Words {
  readonly expected: string;
  readonly hint: string;
  /** Default: what stands there. */
  readonly found?: string;
}

const KEY_AND_VALUE: Words = {
  expected: "KEY: VALUE on lines of their own",
  hint: "Keys of one group begin in one column; a value that holds a colon and a space, a # or a bracket goes into quotes",
};

/** By the parser's codes; others are some other line that is not KEY: VALUE. */
const BY_CODE: Partial<Record<YAMLError["code"], Words>> = {
  TAB_AS_INDENT: { expected: "spaces before a key", found: "a tab", hint: "Indent with spaces" },
  BAD_INDENT: {
    expected: "a line that begins in the column of its neighbours",
    hint: "Keys of one group begin in one column",
  },
  DUPLICATE_KEY: { expected: "each key once", hint: "Remove one of the two" },
  BAD_SCALAR_START: { expected: "quotes around text that begins so", hint: 'Write "@text" for @text' },
  BAD_ALIAS: { expected: "quotes around text that begins so", hint: 'Write "*text" for *text' },
  BAD_DQ_ESCAPE: {
    expected: "an escape that is known within double quotes",
    hint: "Put paths with \\ into single quotes, or write / in them",
  },
  BAD_DIRECTIVE: { expected: "quotes around text that begins so", hint: 'Write "%text" for %text' },
  TAG_RESOLVE_FAILED: {
    expected: "a plain value",
    hint: "Objects of Python are not read: write its value as a number, text, list or group of keys",
  },
  MULTIPLE_DOCS: { expected: "one document", hint: "Remove the line --- and what belongs to the other file" },
};

/** By the parser's sentence, where one code means several things. */
const BY_SENTENCE: readonly (readonly [sentence: RegExp, words: (match: RegExpExecArray) => Words])[] = [
  [
    /^Missing closing (["'])/,
    ([, quote]) => ({
      expected: `a closing ${quote}`,
      hint: `Each ${quote} that begins a text needs another at its end`,
    }),
  ],
  [
    /(?:Flow (?:sequence|map)|end with an?) .*([\]}])/,
    ([, bracket]) => ({
      expected: `a closing ${bracket}`,
      hint: `Close the bracket that is open above; lines within brackets begin further to the right than their key`,
    }),
  ],
  [
    /^Missing ,/,
    () => ({ expected: "a comma between two entries", hint: "Within brackets, commas are between entries" }),
  ],
  [/^Missing directives-end/, () => BY_CODE.BAD_DIRECTIVE ?? KEY_AND_VALUE],
];

/** How messages call what a file should be: configurations may be JSON, which is YAML too. */
function format(at: string): string {
  return /\.json$/i.test(at) ? "JSON" : "YAML";
}

/** The parser's fault in a user's words. @param text  all of the file */
export function yamlFault(fault: YAMLError, text: string, at: string): VitrineError {
  const [offset] = fault.pos;
  const words = wordsOfSentence(fault.message) ?? BY_CODE[fault.code] ?? KEY_AND_VALUE;
  return notYaml(words, { text, offset, at }, fault);
}

function wordsOfSentence(message: string): Words | undefined {
  for (const [sentence, words] of BY_SENTENCE) {
    const match = sentence.exec(message);
    if (match !== null) return words(match);
  }
  return undefined;
}

/** A key that stands twice. */
export function repeatedKey(text: string, offset: number, at: string): VitrineError {
  return notYaml(BY_CODE.DUPLICATE_KEY ?? KEY_AND_VALUE, { text, offset, at });
}

interface Place {
  readonly text: string;
  readonly offset: number;
  readonly at: string;
}

function notYaml({ expected, found, hint }: Words, { text, offset, at }: Place, cause?: Error): VitrineError {
  return new VitrineError(
    {
      code: "format",
      at: placeInText(text, offset, at),
      expected: `${format(at)}, here ${expected}`,
      found: found ?? foundInText(text, offset),
      hint,
    },
    { cause },
  );
}

/** The parser throws a ReferenceError for aliases, and overflows its stack where levels are nested by the thousand. */
export function tooMuch(cause: unknown, text: string, at: string): VitrineError {
  const unknown = /Unresolved alias .*: (.*)$/.exec(cause instanceof Error ? cause.message : "");
  if (unknown !== null) {
    const offset = Math.max(0, text.indexOf(`*${unknown[1]}`));
    return notYaml(BY_CODE.BAD_ALIAS ?? KEY_AND_VALUE, { text, offset, at });
  }
  const found =
    cause instanceof ReferenceError ? "aliases that repeat values again and again" : "too many nested levels";
  const expected = `${format(at)} of ordinary depth and size`;
  return new VitrineError({ code: "format", at, expected, found }, { cause });
}
