import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, test } from "vitest";
import { entriesOf } from "./support/house.ts";
import { type OptionCall, optionCalls } from "./support/optionFunctions.ts";
import { objectsWithOptions } from "./support/optionObjects.ts";
import { readTree } from "./support/tree.ts";

const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");
const KEY = "zzUnknownKey";
/** Of all that stands before the options: parameters are taken apart before anything is looked at. Options before the last ones are empty. */
const STAND_INS = [Object.assign([], { shape: [1, 1] }), {}];

/** Calls that may ignore a key, with the reason. */
const IGNORES: Readonly<Record<string, string>> = {
  VitrineError: "an error must not fail",
  refuseUnknownKeys: "it is the check",
  unpackError: "what another thread sent",
  chunkedSource: "a reader of chunks, an object of any class",
  Experiment: "a database, an object of any class",
  formatMrc: "data to write, which may know more than the format holds",
  formatNpy: "data to write",
  formatNpyValue: "data to write",
  tiffBytes: "data to write",
  NumpyInTorch: "data to write",
  "DatasetWriter.put": "data to write",
  "DatasetWriter.putHeld": "data to write",
  "NdtiffWriter.put": "data to write",
  "NdtiffWriter.putHeld": "data to write",
  addContent: "data to write",
  hasOddAberrations: "optics of a search, which know more than those of an image",
  searchSpace: "settings that were parsed",
  drawSearchPicture: "data to draw",
  "TiltSeries.matrixOf": "one of the tilts of a series",
};

/** What loaders ask each other for; users call `load` and its kin, and write loaders of their own with it. */
const isRequest = ({ member }: OptionCall) => member === "readVolumes";

/** Objects that are not made here, with where their keys are checked. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "MMCoreMicroscope.startExposure": "src/acquire/mmcore/exposures.test.ts",
};

const { options } = ts.parseJsonConfigFileContent(
  ts.readConfigFile(`${root}/tsconfig.json`, ts.sys.readFile).config,
  ts.sys,
  root,
);
const entries = entriesOf(readTree(root)).map(({ entry, path }) => ({ entry, path: `${root}/${path}` }));
const found = optionCalls(entries, { root, options }).filter((call) => !isRequest(call));

function nameOf({ name, member }: OptionCall): string {
  return member === undefined ? name : `${name}.${member}`;
}

/** What a call says that has an unknown key and nothing else: options are looked at before anything else is. */
async function answer(call: () => unknown): Promise<string> {
  try {
    const called = call();
    const isIterator = typeof called === "object" && called !== null && "next" in called;
    await (isIterator ? (called as AsyncGenerator).next() : called);
    return "nothing";
  } catch (error) {
    return String(error);
  }
}

type Callable = (...values: unknown[]) => unknown;

function callOf({ kind, member = "" }: OptionCall, exported: unknown, values: readonly unknown[]): unknown {
  switch (kind) {
    case "constructor":
      return Reflect.construct(exported as new () => object, values);
    case "static":
      return Reflect.apply((exported as Record<string, Callable>)[member], exported, values);
    case "method": {
      // nothing of the object but its methods: keys come before what it holds
      const { prototype } = exported as { prototype: Record<string, Callable> };
      return Reflect.apply(prototype[member], Object.create(prototype), values);
    }
    default:
      return Reflect.apply(exported as Callable, undefined, values);
  }
}

test("the scan finds functions, classes, methods and objects of options, followed through every entry", () => {
  const names = found.map((call) => `${call.kind} ${call.entry} ${nameOf(call)}`);
  for (const known of [
    "function vitrine/io openImage",
    "function vitrine/match runMatch",
    "constructor vitrine/subtomogram SubtomogramLoader",
    "static vitrine/subtomogram SubtomogramLoader.imread",
    "method vitrine/subtomogram LoaderGroup.average",
    "method vitrine/match TemplateSearch.run",
    "object vitrine/io ImageSource.read",
    "object vitrine/acquire SavingAcquisition.subscribe",
  ])
    expect(names).toContain(known);
  expect(names.length).toBeGreaterThan(400);
});

test("every public function, constructor and method of a class with options refuses a key that it does not know", async () => {
  const ignored: string[] = [];
  for (const call of found) {
    if (call.kind === "object" || Object.hasOwn(IGNORES, nameOf(call))) continue;
    const exported = (await import(call.entry))[call.name];
    const said = await Promise.all(
      STAND_INS.map((one) =>
        answer(() => callOf(call, exported, [...Array(call.index).fill(one), { [KEY]: 1 }])),
      ),
    );
    if (!said.some((one) => one.includes(`found "${KEY}"`)))
      ignored.push(`${call.kind} ${nameOf(call)} (${call.at}): ${said[0]}`);
  }
  expect(ignored).toEqual([]);
});

test("every method with options of an object that a public function gives refuses a key that it does not know", async () => {
  await using made = await objectsWithOptions();
  const ignored: string[] = [];
  for (const call of found) {
    const name = nameOf(call);
    if (call.kind !== "object" || Object.hasOwn(IGNORES, name) || Object.hasOwn(ELSEWHERE, name)) continue;
    const objects = Object.entries(made.objects).filter(([types]) => types.split(" ").includes(call.name));
    if (objects.length === 0) ignored.push(`${name} (${call.at}): no object in optionObjects.ts`);
    for (const [, { object, before = {} }] of objects) {
      const values = before[call.member ?? ""] ?? [];
      const method = (object as Record<string, Callable>)[call.member ?? ""];
      const said = await answer(() =>
        Reflect.apply(method, object, [
          ...values,
          ...Array(call.index - values.length).fill(STAND_INS[0]),
          { [KEY]: 1 },
        ]),
      );
      if (!said.includes(`found "${KEY}"`)) ignored.push(`${name} (${call.at}): ${said}`);
    }
  }
  expect(ignored).toEqual([]);
});

test("calls that may ignore a key, and objects that are checked elsewhere, are public and take options", () => {
  const names = found.map(nameOf);
  const listed = [...Object.keys(IGNORES), ...Object.keys(ELSEWHERE)];
  expect(listed.filter((name) => !names.includes(name))).toEqual([]);
});
