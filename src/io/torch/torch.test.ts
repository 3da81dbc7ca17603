import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import type { NpyDtype } from "../npy.ts";
import { readNpzValues } from "../npzValues.ts";
import { parsePickle } from "./pickle.ts";
import { parseTorch, readTorch, readTorchTensor } from "./read.ts";
import { formatTorch, NumpyInTorch, TupleInTorch } from "./write.ts";

/** Files that CryoLike 0.0.1 wrote with torch 2.15; see test/golden/likelihood/README.md. */
const path = (name: string) =>
  fileURLToPath(new URL(`../../../test/golden/likelihood/run/${name}`, import.meta.url));

const NO_MAKERS = { make: () => undefined, build: () => false, persistent: () => undefined };

describe("files of torch", () => {
  test("tensors, whole numbers and complex ones", async () => {
    const folder = "likelihood/template0/optimal_pose";
    const template = await readTorchTensor(path(`${folder}/optimal_template_stack_000000.pt`));
    expect(template).toMatchObject({ dtype: "i8", shape: [24] });
    expect(template.data).toBeInstanceOf(BigInt64Array);
    const matrix = await readTorchTensor(path("likelihood_matrix/cross_correlation_matrix.pt"));
    expect(matrix).toMatchObject({ dtype: "f4", shape: [2, 24] });
    expect(Math.max(...Array.from(matrix.data, Number))).toBeLessThanOrEqual(1);
    const images = await readTorchTensor(path("particles4/fft/particles_fourier_stack_000000.pt"));
    expect(images).toMatchObject({ dtype: "c8", shape: [4, 40, 96] });
    expect(images.data).toHaveLength(2 * 4 * 40 * 96);
  });

  test("a view of a larger storage gives its own values", async () => {
    // Images 20 to 23 of 24, in reversed order of particles: the first four of the other stack, last first.
    const view = await readTorchTensor(path("particles_indexed_cs/fft/particles_fourier_stack_000002.pt"));
    expect(view).toMatchObject({ dtype: "c8", shape: [4, 40, 96] });
    const all = await readTorchTensor(path("particles4/fft/particles_fourier_stack_000000.pt"));
    const size = 2 * 40 * 96;
    const norm = (values: ArrayLike<number | bigint>) => Math.hypot(...Array.from(values, Number));
    const last = Array.from(view.data, Number).slice(3 * size);
    expect(norm(last.map((value, i) => value - Number(all.data[i])))).toBeLessThan(1e-3 * norm(last));
  });

  test("transposed and shared tensors, short types, weights, containers", async () => {
    const various = fileURLToPath(new URL("../../../test/golden/torch/various.pt", import.meta.url));
    const value = await readTorch(various);
    if (!(value instanceof Map)) throw new Error("not a dictionary");
    const transposed = value.get("t");
    expect(transposed.shape).toEqual([4, 3, 2]);
    // t[k][j][i] is 12 i + 4 j + k
    expect(Array.from(transposed.data).slice(0, 8)).toEqual([0, 12, 4, 16, 8, 20, 1, 13]);
    expect(value.get("bf").data).toEqual(Float32Array.of(1.5, -2));
    expect(value.get("h")).toMatchObject({ dtype: "f2", data: Float32Array.of(0.5) });
    expect(value.get("u16").data).toEqual(Uint16Array.of(1, 65535));
    expect(value.get("p").data).toEqual(Float32Array.of(1, 1));
    expect(value.get("shared")[1].data).toEqual(Float32Array.from({ length: 12 }, (_, i) => 12 + i));
    expect([...value.get("sd").keys()]).toEqual(["weight", "bias"]);
    expect(value.get("e")).toMatchObject({ shape: [0, 3], data: new Float32Array(0) });
    expect([value.get("size"), value.get("set")]).toEqual([[2, 3, 4], new Set([1, 2])]);
  });

  test("an array of numpy, which torch itself refuses to load", async () => {
    const grid = await readTorchTensor(path("likelihood/displacements_set.pt"));
    expect(grid).toMatchObject({ kind: "array", dtype: "f4", shape: [2, 25] });
    expect(Array.from(grid.data).slice(0, 6)).toEqual([-6, -3, 0, 3, 6, -6]);
  });

  test("what is no .pt file is told", () => {
    expect(() => parseTorch(new Uint8Array(0), "a.pt")).toThrow(
      "a.pt: expected a .pt file, found an empty file",
    );
    expect(() => parseTorch(Uint8Array.of(0x80, 2, 0x4e, 0x2e), "old.pt")).toThrow(
      "Load it with torch and save it again",
    );
    expect(() => parseTorch(zipSync({ "a/b": Uint8Array.of(1) }), "z.pt")).toThrow(
      "expected data.pkl, as torch.save writes it, found a/b",
    );
    expect(() => parseTorch(new TextEncoder().encode("hello, this is text"), "t.pt")).toThrow(
      "a zip archive",
    );
  });

  test("a storage that is too small, or missing, is told", () => {
    const whole = formatTorch({ dtype: "f4", shape: [4], data: new Float32Array(4) });
    expect(parseTorch(whole, "whole.pt")).toMatchObject({ shape: [4] });
    const pickle = zipEntries({ rank: [9] });
    expect(() => parseTorch(pickle, "small.pt")).toThrow(
      "expected values within a storage of 4, found offset 0, shape [9]",
    );
    expect(() => parseTorch(zipEntries({ rank: [4], drop: true }), "gone.pt")).toThrow(
      "expected archive/data/0, found none",
    );
  });

  test("a call of a function is refused with its name, and nothing runs", () => {
    const attack = new TextEncoder().encode("cos\nsystem\n(X\x02\x00\x00\x00lst\x52.".replace("lst", "lst"));
    const bytes = Uint8Array.of(0x80, 2, ...attack);
    const archive = zipSync({ "a/data.pkl": bytes, "a/version": Uint8Array.of(51) }, { level: 0 });
    expect(() => parseTorch(archive, "evil.pt")).toThrow("found a call of os.system");
  });
});

/** A written file with another shape in its pickle, or without its storage. */
function zipEntries({ rank, drop = false }: { rank: readonly number[]; drop?: boolean }): Uint8Array {
  const written = formatTorch({ dtype: "f4", shape: rank, data: new Float32Array(rank[0]) });
  const start = written.indexOf(0x80, 30);
  const end = written.indexOf(0x2e, start + 200) + 1;
  const files: Record<string, Uint8Array> = { "archive/data.pkl": written.slice(start, end) };
  if (!drop) files["archive/data/0"] = new Uint8Array(16);
  return zipSync(files, { level: 0 });
}

describe("pickles", () => {
  const pickle = (...parts: readonly (number | string)[]) =>
    parsePickle(
      Uint8Array.from(
        parts.flatMap((part) =>
          typeof part === "number" ? [part] : Array.from(new TextEncoder().encode(part)),
        ),
      ),
      "p",
      NO_MAKERS,
    );

  test("of every protocol's plain values", () => {
    expect(pickle("I12\n.")).toBe(12);
    expect(pickle("I01\n.")).toBe(true);
    expect(pickle("L-5L\n.")).toBe(-5);
    expect(pickle("F1.5\n.")).toBe(1.5);
    expect(pickle(0x80, 2, 0x8a, 2, 0x00, 0xff, ".")).toBe(-256);
    expect(pickle(0x80, 2, 0x8a, 9, 0, 0, 0, 0, 0, 0, 0, 0, 1, ".")).toBe(2n ** 64n);
    expect(pickle("(lp0\nI1\naI2\na.")).toEqual([1, 2]);
    expect(pickle("(dp0\nVa\nI1\ns.")).toEqual(new Map([["a", 1]]));
    expect(pickle("S'it\\'s \\x41\\n'\n.")).toBe("it's A\n");
    expect(pickle(0x80, 4, "(K", 1, "K", 2, 0x91, ".")).toEqual(new Set([1, 2]));
    expect(pickle(0x80, 3, "C", 2, "hi", ".")).toEqual(Uint8Array.of(104, 105));
    expect(pickle(0x80, 2, "NN", 0x86, ".")).toEqual([null, null]);
  });

  test("an object of another class is its name and items", () => {
    expect(pickle(0x80, 2, "clab\nPair\nK", 1, "K", 2, 0x86, 0x81, ".")).toEqual({
      kind: "object",
      name: "lab.Pair",
      items: [1, 2],
    });
  });

  test("damaged ones are errors of a place, never hang", () => {
    expect(() => pickle("X", 255, 255, 255, 127, ".")).toThrow(
      "p: expected a value at byte 5, found the end after 6 bytes",
    );
    expect(() => pickle("t.")).toThrow("expected a mark, found none");
    expect(() => pickle(0x80, 2, "h", 7, ".")).toThrow("number 7");
    expect(() => pickle("(S'touch evil'\nios\nsystem\n.")).toThrow("a call of os.system");
    expect(() => pickle("!")).toThrow("the byte 33");
    const good = [...new TextEncoder().encode("(dp0\nVa\n(lp1\nI1\nas.")];
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.nat(255), (at, byte) => {
        const changed = Uint8Array.from(good);
        changed[at] = byte;
        try {
          parsePickle(changed, "p", NO_MAKERS);
        } catch (error) {
          expect(error).toHaveProperty("code");
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("what is written is read the same", () => {
  test("tensors of every type that torch has", () => {
    const values = {
      i1: Int8Array,
      i2: Int16Array,
      i4: Int32Array,
      u1: Uint8Array,
      f4: Float32Array,
      f8: Float64Array,
    };
    for (const [dtype, type] of Object.entries(values)) {
      const data = type.from([1, 2, 3, 4, 5, 6]);
      const read = parseTorch(formatTorch({ dtype: dtype as NpyDtype, shape: [2, 3], data }), dtype);
      expect(read).toEqual({ kind: "tensor", dtype, shape: [2, 3], data });
    }
    const long = { dtype: "i8", shape: [2], data: BigInt64Array.of(-1n, 2n ** 62n) } as const;
    expect(parseTorch(formatTorch(long), "i8")).toEqual({ kind: "tensor", ...long });
    const complex = { dtype: "c8", shape: [1], data: Float32Array.of(1, -2) } as const;
    expect(parseTorch(formatTorch(complex), "c8")).toEqual({ kind: "tensor", ...complex });
    expect(() => formatTorch({ dtype: "u2", shape: [1], data: Uint16Array.of(1) })).toThrow(
      "Convert the numbers first",
    );
  });

  test("containers of them", () => {
    const tensor = { dtype: "f4", shape: [], data: Float32Array.of(7) } as const;
    const content = { a: [1, -0.5, "text", null, true], b: { c: tensor }, large: 2 ** 40 };
    expect(parseTorch(formatTorch(content), "t")).toEqual(
      new Map<string, unknown>([
        ["a", [1, -0.5, "text", null, true]],
        ["b", new Map([["c", { kind: "tensor", ...tensor }]])],
        ["large", 2 ** 40],
      ]),
    );
  });

  test("the same content gives the same bytes, and a golden file comes back whole", async () => {
    const bytes = await readFile(path("likelihood_matrix/integrated_fourier_log_likelihood_matrix.pt"));
    const { dtype, shape, data } = await readTorchTensor(
      path("likelihood_matrix/cross_correlation_matrix.pt"),
    );
    expect(bytes.length).toBeGreaterThan(0);
    if (!(data instanceof Float32Array) || dtype !== "f4") throw new Error("not floats");
    const written = formatTorch({ dtype, shape, data });
    expect(formatTorch({ dtype, shape, data })).toEqual(written);
    expect(await readTorch(new Blob([written as Uint8Array<ArrayBuffer>]))).toMatchObject({ shape, data });
  });
});

describe("npz archives with texts and objects", () => {
  test("CryoLike's parameters", async () => {
    const values = await readNpzValues(path("parameters.npz"));
    expect(values.get("n_pixels")).toEqual({ dtype: "i8", shape: [2], data: BigInt64Array.of(48n, 48n) });
    expect(values.get("precision")).toEqual({ dtype: "U", shape: [], data: ["single"] });
    expect(values.get("atom_selection")).toEqual({ dtype: "U", shape: [], data: ["name CA"] });
    expect(values.get("atom_radii")).toEqual({ dtype: "O", shape: [], data: [null] });
    const stack = await readNpzValues(path("particles_indexed_cs/fft/particles_fourier_stack_000000.npz"));
    expect(stack.get("files")).toMatchObject({ dtype: "S", shape: [24] });
    expect(String(stack.get("files")?.data[0])).toMatch(/particles\.mrcs$/);
  });
});

test("arrays of numpy and named tuples are written as torch pickles them", () => {
  const array = { shape: [2, 2], data: Float32Array.of(1, -2, 3.5, 0) };
  const kept = parseTorch(formatTorch(new NumpyInTorch(array)), "x");
  expect(kept).toMatchObject({ dtype: "f4", shape: [2, 2], data: array.data });
  const type = { module: "cryolike.likelihoods.interface", name: "CrossCorrelationReturn" };
  const named = parseTorch(formatTorch(new TupleInTorch(type, [array])), "x");
  expect(named).toMatchObject({
    name: `${type.module}.${type.name}`,
    items: [{ shape: [2, 2], data: array.data }],
  });
});
