import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { parseJsonText } from "./json.ts";
import { parseYaml } from "./yaml.ts";

const group = z.strictObject({ a: z.string() });

/** The message, without where the file is. */
function complaint(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "read";
}

const YAML: [text: string, message: RegExp][] = [
  ["a:\n\tb: 1\n", /^f line 2 column 1: expected YAML, here spaces before a key, found a tab\. Indent with/],
  ["a: [1, 2\n", /^f line 2 column 1: .*here a closing \], found the end of the text\. Close the bracket/],
  ["a: {b: 1\nc: 2\n", /^f line 2 column 1: .*here a closing \}, found "c: 2"\./],
  ["a: [1 2: 3\n", /^f line \d column \d+: expected YAML, here /],
  ['a: "unclosed\nb: 2\n', /here a closing ", found the end of the text\. Each " that begins a text/],
  ["a: 'unclosed\n", /here a closing ', found/],
  ["a: 1\n  b: 2\n", /^f line \d column \d: expected YAML, here KEY: VALUE on lines of their own, found "/],
  ["a: b: c\n", /line 1 column 4: .*KEY: VALUE on lines of their own, found "b: c"\. .*goes into quotes\.$/],
  ["a: x\na: y\n", /^f line 2 column 1: .*here each key once, found "a: y"\. Remove one of the two\.$/],
  ["a: @b\n", /^f line 1 column 4: .*quotes around text that begins so, found "@b"\./],
  ["a: *\n", /^f line 1 column 4: .*quotes around text that begins so, found "\*"\./],
  ["a: 1\nb: *nope\n", /^f line 2 column 4: .*quotes around text that begins so, found "\*nope"\./],
  ["%foo bar\na: 1\n", /quotes around text that begins so/],
  ['a: "C:\\data\\new"\n', /an escape that is known.* Put paths with \\ into single quotes/],
  ["a: !!python/object:foo.Bar {x: 1}\n", /^f line 1 column 4: .*here a plain value, found "!!python/],
  ["a: 1\n---\nb: 2\n", /^f line 2 column 1: .*here one document, found "---"\. Remove the line ---/],
  ["", /^f: expected a group of keys, found nothing\.$/],
  ["# only a comment\n", /^f: expected a group of keys, found nothing\.$/],
  [
    "a:1\n",
    /^f: expected a group of keys, found "a:1"\. A line is KEY: VALUE, with a space after the colon\.$/,
  ],
  ["- a\n", /^f: expected a group of keys, found a list of 1\.$/],
];

test.each(YAML)("%j is refused in a user's words", (text, message) => {
  const said = complaint(() => parseYaml(text, group, "f"));
  expect(said).toMatch(message);
  // the parser's
  expect(said).not.toMatch(/flow|collection|mapping|implicit|scalar|indicator|token|unresolved|YAML\.parse/i);
});

const JSON_TEXTS: [text: string, message: RegExp][] = [
  ["", /^f line 1 column 1: expected JSON, here a value, found nothing\.$/],
  [
    "{a: 1}",
    /^f line 1 column 2: expected JSON, here a key in double quotes \(""\) or \}, found "a: 1\}"\.$/,
  ],
  [
    '[{"a": 1},\n]',
    /^f line 2 column 1: expected JSON, here a value, found "\]"\. Remove the comma before it\.$/,
  ],
  ['{"a": 1,}', /^f line 1 column 9: .*here a key in double quotes \(""\), found "\}"\. Remove the comma/],
  ['{"a": 1', /^f line 1 column 8: .*here a comma or \}, found the end of the text\.$/],
  ['{"a" 1}', /^f line 1 column 6: .*here a colon, found "1\}"\.$/],
  ["[1 2]", /^f line 1 column 4: .*here a comma or \], found "2\]"\.$/],
  ["{} {}", /^f line 1 column 4: .*here nothing after the value, found "\{\}"\.$/],
  ["[01]", /^f line 1 column 2: .*here a value or \], found "01\]"\.$/],
  ["['a']", /^f line 1 column 2: .*found "'a'\]"\.$/],
  ["NaN", /^f line 1 column 1: expected JSON, here a value, found "NaN"\.$/],
  ['"tab\there"', /^f line 1 column 1: expected JSON, here a value, found/],
];

test.each(JSON_TEXTS)("%j is refused with its place", (text, message) => {
  expect(complaint(() => parseJsonText(text, "f"))).toMatch(message);
});

test("whatever JSON.parse takes is read, and whatever it refuses has a place in the text", () => {
  const pieces = fc.array(
    fc.constantFrom("{", "}", "[", "]", ",", ":", '"a"', "1", "-0.5e3", "true", "null", " ", "x", '"', "01"),
    { maxLength: 12 },
  );
  const texts = fc.oneof(
    pieces.map((parts) => parts.join("")),
    fc.json(),
  );
  fc.assert(
    fc.property(texts, (text) => {
      const isJson = complaint(() => JSON.parse(text)) === "read";
      const said = complaint(() => parseJsonText(text, "f"));
      expect(said).toMatch(isJson ? /^read$/ : /^f line \d+ column \d+: expected JSON, here .+, found .+\.$/);
      const [, column] = /column (\d+)/.exec(said) ?? [0, 1];
      expect(Number(column)).toBeLessThanOrEqual(text.length + 1);
    }),
    { numRuns: 500 },
  );
});
