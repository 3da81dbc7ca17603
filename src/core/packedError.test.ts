import { expect, test } from "vitest";
import { packError, unpackError, VitrineError } from "./index.ts";

/** There and back, as between two threads. */
const sent = (thrown: unknown) => unpackError(structuredClone(packError(thrown)));

test("an error keeps name, class, message, stack and causes", () => {
  class LostFocus extends RangeError {}
  const error = new LostFocus("far away", { cause: new TypeError("inner", { cause: "a stone" }) });
  const found = sent(error) as Error;
  expect(found).toBeInstanceOf(RangeError);
  expect(found).toMatchObject({ name: "LostFocus", message: "far away", stack: error.stack });
  expect(found.cause).toBeInstanceOf(TypeError);
  expect(found.cause).toMatchObject({ message: "inner", cause: "a stone" });
});

test("an error of ours keeps its fault", () => {
  const fault = { code: "format", at: "a.mrc", expected: "0", found: "77", hint: "Convert it" } as const;
  const found = sent(new VitrineError(fault, { cause: new Error("bits") }));
  expect(found).toBeInstanceOf(VitrineError);
  expect(found).toMatchObject({ fault, code: "format", cause: new Error("bits") });
});

test("whatever else is thrown comes as itself, or as text where it cannot be cloned; a cause in a circle ends", () => {
  expect(sent({ at: [1, new Date(0)] })).toEqual({ at: [1, new Date(0)] });
  expect(sent(() => 1)).toBe("() => 1");
  const turning = new Error("round");
  turning.cause = turning;
  let depth = 0;
  for (let next: unknown = sent(turning); next instanceof Error; next = next.cause) depth++;
  expect(depth).toBe(9);
});
