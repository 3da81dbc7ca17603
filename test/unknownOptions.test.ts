import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { entriesOf } from "./support/house.ts";
import { type OptionFunction, optionFunctions } from "./support/optionFunctions.ts";
import { readTree } from "./support/tree.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const KEY = "zzUnknownKey";
/** Of all that stands before the options: parameters are taken apart before anything is looked at. */
const STAND_IN = Object.assign([], { shape: [1, 1] });

/** Public functions that may ignore a key, with the reason. */
const IGNORES: Readonly<Record<string, string>> = {
  VitrineError: "an error must not fail",
  changeStepOptions: "a step's options are those of its program, any keys",
};

const found = entriesOf(tree).flatMap(({ entry, path }) =>
  optionFunctions(tree, path).map((one) => ({ ...one, entry })),
);

/** What a call says that has an unknown key and nothing else: options are looked at before anything else is. */
async function answer(exported: unknown, { isClass, index }: OptionFunction): Promise<string> {
  const values = [...Array.from({ length: index }, () => STAND_IN), { [KEY]: 1 }];
  try {
    const called: unknown = isClass
      ? Reflect.construct(exported as new () => object, values)
      : Reflect.apply(exported as () => unknown, undefined, values);
    const isIterator = typeof called === "object" && called !== null && "next" in called;
    await (isIterator ? (called as AsyncGenerator).next() : called);
    return "nothing";
  } catch (error) {
    return String(error);
  }
}

test("the scan finds functions and classes of options, followed through every entry", () => {
  const names = found.map(({ entry, name }) => `${entry} ${name}`);
  for (const known of [
    "vitrine/io openImage",
    "vitrine/match runMatch",
    "vitrine/subtomogram SubtomogramLoader",
  ])
    expect(names).toContain(known);
  expect(names.length).toBeGreaterThan(150);
});

test("every public function with options refuses a key that it does not know", async () => {
  const ignored: string[] = [];
  for (const one of found) {
    if (Object.hasOwn(IGNORES, one.name)) continue;
    const exported = (await import(one.entry))[one.name];
    const said = await answer(exported, one);
    if (!said.includes(`found "${KEY}"`)) ignored.push(`${one.entry} ${one.name} (${one.at}): ${said}`);
  }
  expect(ignored).toEqual([]);
});

test("functions that may ignore a key are public and take options", () => {
  const names = found.map(({ name }) => name);
  expect(Object.keys(IGNORES).filter((name) => !names.includes(name))).toEqual([]);
});
