import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { python, requirement } from "../../test/support/require.ts";
import {
  formatNpyValue,
  type NpyValueContent,
  parseNpyValue,
  readNpzValues,
  writeNpzValues,
} from "./index.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-values-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const scalar = fc.oneof(fc.constant(null), fc.boolean(), fc.double(), fc.string({ unit: "grapheme" }));
// numpy fills texts up with zeros: those at the end are lost
const words = fc.array(
  fc.string({ unit: "grapheme" }).filter((text) => !text.endsWith("\0")),
  { maxLength: 5 },
);

test("texts and objects that are written read back", () => {
  fc.assert(
    fc.property(words, fc.array(scalar, { maxLength: 4 }), (texts, objects) => {
      for (const dtype of ["U", "S"] as const) {
        const content = { dtype, shape: [texts.length], data: texts };
        expect(parseNpyValue(formatNpyValue(content), "x")).toEqual(content);
      }
      const content = { dtype: "O", shape: [objects.length, 1], data: objects } as const;
      expect(parseNpyValue(formatNpyValue(content), "x")).toEqual(content);
    }),
  );
});

test("fewer values than the shape says are refused", () => {
  expect(() => formatNpyValue({ dtype: "U", shape: [2], data: ["a"] })).toThrow(
    "formatNpyValue: expected 2 values (2), found 1.",
  );
});

const { available } = requirement("readers");

test.skipIf(!available)("numpy reads them without a word (needs readers)", async () => {
  const values: [string, NpyValueContent][] = [
    ["none", { dtype: "O", shape: [], data: [null] }],
    ["mixed", { dtype: "O", shape: [2, 2], data: [1.5, "ä", true, null] }],
    ["word", { dtype: "U", shape: [], data: ["name CA"] }],
    ["words", { dtype: "U", shape: [2], data: ["größer", "𝛼"] }],
    ["bytes", { dtype: "S", shape: [2], data: [">a.mrcs", "b"] }],
    ["numbers", { shape: [1, 2], data: BigInt64Array.of(1n, -2n) }],
  ];
  const path = join(folder, "ours.npz");
  await writeNpzValues(path, values);
  const code = `import json, numpy
z = numpy.load(${JSON.stringify(path)}, allow_pickle=True)
print(json.dumps([[k, z[k].dtype.str, list(z[k].shape), [x.decode() if isinstance(x, bytes) else x for x in z[k].ravel().tolist()]] for k in z.files]))`;
  const found = JSON.parse(execFileSync(python, ["-W", "error", "-c", code], { encoding: "utf8" }));
  expect(found).toEqual([
    ["none", "|O", [], [null]],
    ["mixed", "|O", [2, 2], [1.5, "ä", true, null]],
    ["word", "<U7", [], ["name CA"]],
    ["words", "<U6", [2], ["größer", "𝛼"]],
    ["bytes", "|S7", [2], [">a.mrcs", "b"]],
    ["numbers", "<i8", [1, 2], [1, -2]],
  ]);
  expect((await readNpzValues(path)).get("mixed")?.data).toEqual([1.5, "ä", true, null]);
});
