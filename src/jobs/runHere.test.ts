import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, differingParts, identityOf } from "./identity.ts";
import { runStepHere } from "./runHere.ts";
import type { BatchContext, Step } from "./step.ts";

const target = { module: "unused.mjs", export: "unused" };

/** Squares numbers, then sums pairs of squares. */
function squaresStep(numbers: readonly number[]): Step<number, number, number[]> {
  return {
    name: "squares",
    phases: [
      { name: "square", target, unit: "numbers" },
      { name: "sum", target, unit: "sums" },
    ],
    *init(phase) {
      if (phase === "square") yield* numbers;
      else for (let i = 0; i + 1 < numbers.length; i += 2) yield i;
    },
    async collect(results) {
      const sums: number[] = [];
      for await (const { phase, value } of results) if (phase === "sum") sums.push(value);
      return sums;
    },
  };
}

const run = {
  square: (batch: number) => ({ value: batch * batch }),
  sum: async (batch: number, { resultOf }: BatchContext) => {
    const [a, b] = await Promise.all([resultOf("square", batch), resultOf("square", batch + 1)]);
    return { value: Number(a.value) + Number(b.value) };
  },
};

test("phases run in order, each batch sees the results before it", async () => {
  const progress: string[] = [];
  const sums = await runStepHere(squaresStep([1, 2, 3, 4, 5]), {
    run,
    onProgress: ({ done, total, unit }) => progress.push(`${done}/${total} ${unit}`),
  });
  expect(sums).toEqual([5, 25]);
  expect(progress.at(-1)).toBe("2/2 sums");
});

test("an abort ends a run between batches", async () => {
  const signal = AbortSignal.abort(new Error("enough"));
  await expect(runStepHere(squaresStep([1]), { run, signal })).rejects.toMatchObject({ code: "aborted" });
});

test("a batch that finds another variant of its kernels than the identity says is refused by name", async () => {
  const refusing = {
    ...run,
    square: async (batch: number, { requireSame }: BatchContext) => {
      await requireSame("kernels", "plain simd");
      return { value: batch };
    },
  };
  const work = runStepHere(squaresStep([1]), { run: refusing, identity: { kernels: "relaxed simd" } });
  await expect(work).rejects.toThrow(
    "square 0 kernels: expected relaxed simd, as the other batches have, found plain simd. Run all batches on machines that have the same.",
  );
});

test("canonical JSON does not depend on the order of keys, and parses to the same data", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (data) => {
      const value = JSON.parse(JSON.stringify(data));
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(value)).toBe(canonicalJson(reversed as never));
      expect(JSON.parse(canonicalJson(value))).toEqual(value);
    }),
  );
});

test("identities differ in exactly the parts that were changed", async () => {
  const parts = fc.dictionary(fc.stringMatching(/^[a-z]{1,6}$/), fc.integer(), {
    minKeys: 1,
    noNullPrototype: true,
  });
  await fc.assert(
    fc.asyncProperty(parts, fc.nat(), async (before, pick) => {
      const names = Object.keys(before);
      const changed = names[pick % names.length];
      const [a, b] = await Promise.all([identityOf(before), identityOf({ ...before, [changed]: "other" })]);
      expect(differingParts(a, a)).toEqual([]);
      expect(differingParts(a, b)).toEqual([changed]);
    }),
    { numRuns: 30 },
  );
});

test("what batches keep is made once, anew where it could not be, and given back at the end", async () => {
  const events: string[] = [];
  const make = async () => {
    events.push("made");
    if (events.length === 1) throw new Error("not yet");
    return { [Symbol.asyncDispose]: async () => void events.push("given back") };
  };
  const keeping = async (batch: number, { keep }: BatchContext) => {
    await keep("thing", make).catch((error) => events.push(error.message));
    return { value: batch };
  };
  await runStepHere(squaresStep([1, 2, 3, 4]), { run: { square: keeping, sum: async () => ({ value: 0 }) } });
  expect(events).toEqual(["made", "not yet", "made", "given back"]);
});
