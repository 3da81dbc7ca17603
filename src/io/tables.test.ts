import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { decode } from "fast-png";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { encodePng, formatCsv, formatYaml, parseCsv, parseWithSchema, parseYaml } from "./index.ts";

const golden = (name: string) =>
  readFile(new URL(`../../test/golden/match/${name}`, import.meta.url), "utf8");

describe("csv", () => {
  test("what is written reads back, whatever the cells hold", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é", "'", "0") });
    const columns = fc.uniqueArray(cell, { minLength: 1, maxLength: 5 });
    const table = columns.chain((names) =>
      fc.record({
        names: fc.constant(names),
        cells: fc.array(fc.array(cell, { minLength: names.length, maxLength: names.length })),
      }),
    );
    fc.assert(
      fc.property(table, ({ names, cells }) => {
        const rows = cells.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]])));
        expect(parseCsv(formatCsv(names, rows), "test")).toEqual({ columns: names, rows });
      }),
    );
  });

  test("numbers keep every digit, nothing is empty, truth is a word", () => {
    const row = { a: 0.1 + 0.2, b: null, c: true, d: 10n ** 20n, e: -0.5e-9 };
    expect(formatCsv(["a", "b", "c", "d", "e"], [row])).toBe(
      "a,b,c,d,e\n0.30000000000000004,,true,100000000000000000000,-5e-10\n",
    );
  });

  test("the peer's particle table keeps its 39 columns", async () => {
    const text = await golden("search1_particles.csv");
    const { columns, rows } = parseCsv(text, "search1_particles.csv");
    expect(columns).toHaveLength(39);
    expect(rows[0]).toMatchObject({
      particle_index: "0",
      scaled_mip: "7.1690245",
      pos_y: "204",
      even_zernikes: "",
    });
    expect(formatCsv(columns, rows)).toBe(text.replaceAll("\r\n", "\n"));
  });

  test("line ends of every system, a byte order mark, empty lines", () => {
    const expected = { columns: ["a", "b"], rows: [{ a: "1", b: "2" }] };
    for (const text of ["a,b\n1,2\n", "a,b\r\n1,2\r\n", "a,b\r1,2\r", "\ufeffa,b\n\n1,2"]) {
      expect(parseCsv(text, "test")).toEqual(expected);
    }
    expect(parseCsv("__proto__,b\n1,2", "test").columns).toEqual(["__proto__", "b"]);
  });

  test("blanks around names and cells do not count, but in quotes", () => {
    const text = 'a, b ,"c "\n 1,\tx y ," z "\n';
    const expected = { columns: ["a", "b", "c "], rows: [{ a: "1", b: "x y", "c ": " z " }] };
    expect(parseCsv(text, "test")).toEqual(expected);
    expect(parseCsv(formatCsv(expected.columns, expected.rows), "test")).toEqual(expected);
  });

  test("fifty thousand columns are no more than a long line", () => {
    const names = Array.from({ length: 50_000 }, (_, i) => `k${i}`);
    expect(parseCsv(`${names.join(",")}\n`, "p.csv").columns).toEqual(names);
    expect(() => parseCsv(`${names.join(",")},k9\n`, "p.csv")).toThrow(/line 1: .*found "k9" twice/);
  });

  test("faults name file and line", () => {
    const fault = (text: string) => () => parseCsv(text, "p.csv");
    expect(fault("a,b\n1,2\n1,2,3\n")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: p.csv line 3: expected 2 values, found 3.]`,
    );
    expect(fault('a,b\n1,"2\n')).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: p.csv line 2: expected comma-separated values, found a quote that is not closed.]`,
    );
    expect(fault("a,a\n")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: p.csv line 1: expected each column once, found "a" twice.]`,
    );
    expect(fault("a;b\n1,5;2\n")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: p.csv line 1: expected names between commas, found names between semicolons. Save it with commas, and points in numbers; or put a single name in quotes.]`,
    );
    expect(fault("a\tb\n")).toThrow("found names between tabs");
    const single = formatCsv(["a;b"], [{ "a;b": 1 }]);
    expect([single, parseCsv(single, "p.csv").columns]).toEqual(['"a;b"\n1\n', ["a;b"]]);
    expect(fault("")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: p.csv: expected a line that names the columns, found an empty file.]`,
    );
    expect(() => formatCsv(["a"], [{ a: 1, b: 2 }])).toThrow(
      /row 0: expected one of the columns a, found "b"/,
    );
    expect(() => formatCsv(["a", "b"], [{ a: 1 }])).toThrow(/row 0 b: expected a value/);
  });
});

const schema = z.strictObject({
  label: z.string().optional(),
  pixel_size: z.number().positive(),
  gpu_ids: z.union([z.int(), z.string(), z.array(z.int())]).default(0),
  filters: z.strictObject({ whitening: z.strictObject({ enabled: z.boolean() }) }).optional(),
  channels: z.array(z.strictObject({ exposureMs: z.number().min(0), mode: z.enum(["a", "b"]) })).optional(),
  orientation: z
    .union([
      z.strictObject({ psi_step: z.number(), theta_step: z.number() }),
      z.strictObject({ orientation_search_configs: z.array(z.strictObject({ psi_step: z.number() })) }),
    ])
    .optional(),
});

describe("yaml", () => {
  const read = (text: string) => parseYaml(text, schema, "run.yaml");
  const fault = (text: string) => () => read(text);

  test("good files take their type", () => {
    expect(read("pixel_size: 1.5 # Å\nchannels:\n- {exposureMs: 5, mode: a}\n")).toEqual({
      pixel_size: 1.5,
      gpu_ids: 0,
      channels: [{ exposureMs: 5, mode: "a" }],
    });
  });

  test("unknown keys name the nearest known one", () => {
    expect(fault("pixle_size: 2")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml pixle_size: expected a known key, found "pixle_size" (did you mean "pixel_size"?). Known keys: label, pixel_size, gpu_ids, filters, channels, orientation.]`,
    );
    expect(fault("pixel_size: 2\nfilters: {whitening: {enabld: true}}")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml filters.whitening.enabld: expected a known key, found "enabld" (did you mean "enabled"?). Known keys: enabled.]`,
    );
    expect(fault("pixel_size: 2\nchannels: [{exposure-ms: 5, mode: a}]")).toThrow(
      /channels\[0\].exposure-ms.*"exposureMs"/,
    );
    expect(fault("pixel_size: 2\norientation: {psi_step: 2, thta_step: 3}")).toThrow(
      /orientation.thta_step: .*did you mean "theta_step"/,
    );
    expect(fault("pixel_size: 2\ncolour: red")).toThrow(
      /found "colour"\. Known keys: label, pixel_size, gpu_ids/,
    );
    expect(fault("pixel_size: 2\n__proto__: {a: 1}")).toThrow(/a known key/);
  });

  test("wrong values name path, expected and found", () => {
    expect(fault("pixel_size: big")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml pixel_size: expected a number, found "big".]`,
    );
    expect(fault("pixel_size: -1")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml pixel_size: expected a number above 0, found -1.]`,
    );
    expect(fault("label: a")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml pixel_size: expected a number, found nothing. Add it.]`,
    );
    expect(fault("pixel_size: 1\nlabel: [1, 2]")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml label: expected text, found a list of 2.]`,
    );
    expect(fault("pixel_size: 1\ngpu_ids: {a: 1}")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml gpu_ids: expected a number or text or a list, found a group of the keys a.]`,
    );
    expect(fault("pixel_size: 1\nchannels: [{exposureMs: 5, mode: c}]")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml channels[0].mode: expected one of "a", "b", found "c".]`,
    );
    expect(fault("- 1")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml: expected a group of keys, found a list of 1.]`,
    );
    expect(fault("")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml: expected a group of keys, found nothing.]`,
    );
    const codes = ["pixel_size: big", "pixel_size: -1", "label: a", "pixel_size: 1\npixl: 2"].map((text) => {
      try {
        return read(text);
      } catch (error) {
        return Reflect.get(Object(error), "code");
      }
    });
    expect(codes).toEqual(["type", "range", "missing", "format"]);
  });

  test("what is not YAML names line and column", () => {
    expect(fault("pixel_size: 1\nlabel: [1, 2\nx: 3")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml line 3 column 1: expected YAML, here a closing ], found "x: 3". Close the bracket that is open above; lines within brackets begin further to the right than their key.]`,
    );
    expect(fault("pixel_size: 1\npixel_size: 2")).toThrowErrorMatchingInlineSnapshot(
      `[VitrineError: run.yaml line 2 column 1: expected YAML, here each key once, found "pixel_size: 2". Remove one of the two.]`,
    );
    expect(fault("pixel_size: !!python/object 1")).toThrow(/run.yaml line 1 column 13/);
    expect(fault("pixel_size: 1\n---\npixel_size: 2")).toThrow(/run.yaml line 2 column 1/);
  });

  test("aliases that unfold to gigabytes and endless nesting are refused", () => {
    const levels = Array.from(
      { length: 9 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(",")}]`,
    );
    expect(() => parseYaml(`l0: &l0 [1]\n${levels.join("\n")}`, z.unknown(), "bomb.yaml")).toThrow(
      /bomb.yaml: expected YAML of ordinary depth and size/,
    );
    expect(() => parseYaml("[".repeat(50_000), z.unknown(), "deep.yaml")).toThrow(/deep.yaml/);
  });

  test("fifty thousand keys and a key of a megabyte are refused shortly", () => {
    const keys = Array.from({ length: 50_000 }, (_, i) => `k${i}`);
    expect(fault(keys.map((key) => `${key}: 1`).join("\n"))).toThrow(/run.yaml k0: expected a known key/);
    const flow = `{${keys.join(": 1, ")}: 1, k7: 2}`;
    const column = flow.lastIndexOf("k7") + 1;
    expect(fault(flow)).toThrow(
      `run.yaml line 1 column ${column}: expected YAML, here each key once, found "k7: 2}"`,
    );
    const long = "k".repeat(1e6);
    expect(fault(`pixel_size: 1\n? ${long}\n: 1`)).toThrow(
      `run.yaml ${long.slice(0, 60)}...: expected a known key, found "${long.slice(0, 60)}...". Known keys: label`,
    );
  });

  test("numbers and truth values as either YAML and Python write them", () => {
    const value = (text: string) => parseYaml(`a: ${text}`, z.strictObject({ a: z.unknown() }), "a").a;
    const numbers = ["1e-05", "1.0e-5", "1.0e-05", "0.00001", "1E-5"].map(value);
    expect(numbers).toEqual([1e-5, 1e-5, 1e-5, 1e-5, 1e-5]);
    expect(["1e5", "1.e5", "+1e+5", ".5", "-.inf"].map(value)).toEqual([1e5, 1e5, 1e5, 0.5, -Infinity]);
    expect(["yes", "No", "on", "OFF", "true", "False"].map(value)).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    expect(["y", "n", "'yes'", "2024-01-01", "12:30", "~", "null"].map(value)).toEqual([
      "y",
      "n",
      "yes",
      "2024-01-01",
      "12:30",
      null,
      null,
    ]);
    expect(parseYaml("a: &x {b: 1}\nc: {<<: *x, d: 2}", z.unknown(), "a")).toEqual({
      a: { b: 1 },
      c: { b: 1, d: 2 },
    });
  });

  test("what is written reads back, and Python reads its numbers and words as such", () => {
    const plain = fc.letrec<{ any: unknown }>((tie) => ({
      any: fc.oneof(
        { maxDepth: 3 },
        fc.constantFrom(
          "yes",
          "no",
          "<<",
          "=",
          "1e5",
          "0x1",
          "null",
          "~",
          "12:30",
          "",
          " a ",
          "#",
          "a: b",
          "-",
          "é\n",
        ),
        fc.string(),
        fc.double({ noNaN: true }).map((number) => number + 0),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("any"), { maxLength: 4 }),
        fc.dictionary(fc.stringMatching(/^[a-z ]{1,8}$/), tie("any"), { maxKeys: 4, noNullPrototype: true }),
      ),
    })).any;
    fc.assert(
      fc.property(plain, (value) => {
        expect(parseYaml(formatYaml(value), z.unknown(), "test")).toEqual(value);
      }),
      { numRuns: 300 },
    );
    expect(formatYaml({ a: 1e-7, b: -2e21, c: "yes", d: 1.5, e: "1e5", f: null, g: 1.25e-9 })).toBe(
      'a: 1.0e-7\nb: -2.0e+21\nc: "yes"\nd: 1.5\ne: "1e5"\nf: null\ng: 1.25e-9\n',
    );
  });

  test("values that YAML cannot hold are refused", () => {
    const circle: Record<string, unknown> = {};
    circle.self = circle;
    expect(() => formatYaml(circle)).toThrow(/plain data/);
    expect(() => formatYaml(undefined)).toThrow(/found undefined/);
  });

  test("the peer's configuration is plain YAML", async () => {
    const config = parseYaml(await golden("search1_config.yaml"), z.record(z.string(), z.unknown()), "c");
    expect(parseYaml(formatYaml(config), z.unknown(), "c")).toEqual(config);
    expect(config.optics_group).toMatchObject({ pixel_size: 2, beam_tilt_x: null });
  });
});

test("a schema checks any value", () => {
  expect(parseWithSchema({ a: 1 }, z.strictObject({ a: z.number() }), "plan.json")).toEqual({ a: 1 });
  expect(() =>
    parseWithSchema(
      { b: [{ c: 1.5 }] },
      z.record(z.string(), z.array(z.strictObject({ c: z.int() }))),
      "plan.json",
    ),
  ).toThrow("plan.json b[0].c: expected a whole number, found 1.5.");
});

describe("png", () => {
  test.each([1, 3, 4] as const)("%i channels survive write then read by another decoder", (channels) => {
    const data = Uint8Array.from({ length: 5 * 7 * channels }, (_, i) => i * 3);
    const {
      width,
      height,
      channels: found,
      data: read,
    } = decode(encodePng({ width: 5, height: 7, channels, data }));
    expect([width, height, found, Uint8Array.from(read)]).toEqual([5, 7, channels, data]);
  });

  test("data of another size are refused", () => {
    expect(() => encodePng({ width: 2, height: 2, channels: 3, data: new Uint8Array(4) })).toThrow(
      /2 x 2 x 3 samples/,
    );
  });
});
