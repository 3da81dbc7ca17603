import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate, setTimeout } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseCsvTable, readCsvTable } from "../csvTable.ts";
import { decimalAt } from "../decimal.ts";
import { parseStar } from "../star/parse.ts";
import { starTable } from "../star/star.ts";
import { CellMemory, type PlainCells } from "./kernels.ts";
import { borrowCellThread } from "./threads.node.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "vitrine-cells-"));
});
afterAll(() => rm(folder, { recursive: true }));

const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{0,${most}}$`));
/** Decimals as programs write them, and such as no program does. */
const written = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    digits(22),
    fc.constantFrom("", "."),
    digits(22),
    fc.integer({ min: -400, max: 400 }),
  )
  .map(
    ([sign, whole, point, part, power]) =>
      `${sign}${whole}${point}${part}${power % 3 === 0 ? `e${power}` : ""}`,
  )
  .filter((text) => /\d/.test(text.replace(/e.*/, "")));
/** The middle between two neighbours, exactly: all digits of a float64 and a half. */
const halfway = fc
  .tuple(fc.bigInt({ min: 2n ** 52n, max: 2n ** 53n - 1n }), fc.integer({ min: 0, max: 10 }))
  .map(([mantissa, shift]) => {
    const whole = ((2n * mantissa + 1n) << BigInt(shift)).toString();
    return [whole, `${whole.slice(0, -3)}.${whole.slice(-3)}e3`];
  });
/** 2^-1074 to 2^-1022, and what lies about the largest. */
const extreme = fc
  .tuple(fc.bigInt({ min: 1n, max: 2n ** 52n }), fc.constantFrom(-324, -323, -320, -310, 308, 309, 290))
  .map(([mantissa, power]) => `${mantissa}e${power - 15}`);
const shortest = fc.double({ noNaN: true, noDefaultInfinity: true }).map(String);
const decimals = fc.oneof(
  written,
  halfway.map(([a]) => a),
  halfway.map(([, b]) => b),
  extreme,
  shortest,
);

/** What kernels find in cells one below the other. */
function scanned(kind: "commas" | "blanks", cells: readonly string[]) {
  const bytes = new TextEncoder().encode(cells.join("\n"));
  const memory = CellMemory.create(bytes.length, 1);
  memory?.bytes.set(bytes);
  const found = memory?.scan({ kind, from: 0, width: 1 });
  return found && { ...found, values: found.numbers(0) };
}

test("two neighbours are read as each alone: signs, zeros, points or none, of any lengths", () => {
  const digitsAndPoints = fc.stringMatching(/^[+-]?[0-9.][0-9]{0,8}\.?[0-9]{0,9}$/);
  const word = fc.oneof(
    decimals,
    digitsAndPoints,
    fc.constantFrom("-0", "-0.000", "-", ".", "-.", "a", "1.2.3"),
  );
  const pairs = fc.array(fc.tuple(word, word), { minLength: 1, maxLength: 300, size: "max" });
  let numbers = 0;
  fc.assert(
    fc.property(pairs, (rows) => {
      const bytes = new TextEncoder().encode(rows.map(([a, b]) => `${a},${b},x`).join("\n"));
      const memory = CellMemory.create(bytes.length, 1);
      memory?.bytes.set(bytes);
      const found = memory?.scan({ kind: "commas", from: 0, width: 3 });
      for (const column of [0, 1]) {
        const alone = scanned(
          "commas",
          rows.map((row) => row[column]),
        )?.values;
        const values = [...(found?.numbers(column) ?? [])];
        // tells 0 from -0
        expect(values).toEqual([...(alone ?? [])]);
        numbers += values.filter((value) => !Number.isNaN(value)).length;
      }
    }),
    { numRuns: 30 },
  );
  expect(numbers).toBeGreaterThan(1000);
});

test("a decimal is the number that JavaScript takes it for, or left to who has time: every shape, subnormal and halfway", () => {
  fc.assert(
    fc.property(fc.array(decimals, { minLength: 1, maxLength: 300 }), (cells) => {
      for (const kind of ["commas", "blanks"] as const) {
        const found = scanned(kind, cells);
        expect(found?.rows).toBe(cells.length);
        for (const [i, cell] of cells.entries()) {
          const value = found?.values[i] ?? Number.NaN;
          const significant = cell
            .replace(/e.*/i, "")
            .replace(/[^0-9]/g, "")
            .replace(/^0+/, "").length;
          if (significant > 19) expect(value, cell).toBeNaN();
          else if (!Number.isNaN(value)) expect(value, cell).toBe(Number(cell));
          // what tables are made of is never left
          if (significant <= 19 && !/e/i.test(cell)) expect(value, cell).toBe(Number(cell));
        }
      }
      for (const cell of cells) {
        const value = decimalAt(`x${cell},`, 1, cell.length + 1);
        if (!Number.isNaN(value)) expect(value, cell).toBe(Number(cell));
      }
    }),
    { numRuns: 150 },
  );
});

/** What two threads find below a line of names, bytes coming as they may. */
async function scannedByTwo(lines: string, width: number, parts: readonly number[]) {
  const bytes = new TextEncoder().encode(`names${lines}`);
  const memory = CellMemory.create(bytes.length, 1);
  // the line of names, which whoever begins has read
  memory?.bytes.set(bytes.subarray(0, 8));
  const scan = memory?.begin({ kind: "commas", from: 5, width }, lines.length / width, 0);
  if (memory === undefined || scan === undefined) throw new Error("expected kernels");
  for (let [there, i] = [0, 0]; there < bytes.length; i++) {
    const next = Math.min(bytes.length, there + parts[i % parts.length]);
    memory.bytes.set(bytes.subarray(there, next), there);
    there = next;
    scan.advance(there);
    // answers come between parts, or behind the last one
    if (i % 3 === 0) await setImmediate();
  }
  const found = await scan.finish();
  const alone = CellMemory.create(bytes.length, 1);
  alone?.bytes.set(bytes);
  return {
    found: tableFound(found, width),
    alone: tableFound(alone?.scan({ kind: "commas", from: 5, width }), width),
  };
}

function tableFound(cells: PlainCells | undefined, width: number) {
  if (cells === undefined) return undefined;
  const columns = Array.from({ length: width }, (_, i) => i);
  const numbers = columns.map((column) => [...cells.numbers(column)]);
  return { rows: cells.rows, starts: [...cells.starts], numbers, known: columns.map(cells.areNumbers) };
}

async function untilThreadRuns(): Promise<void> {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 65_536, shared: true });
  const empty = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  while (borrowCellThread(empty, memory)?.isReady() === false) await setTimeout(5);
}

test("two threads find what one finds, however bytes come, or leave it to one", async () => {
  await untilThreadRuns();
  const table = fc.record({
    width: fc.integer({ min: 1, max: 5 }),
    cells: fc.array(fc.oneof(decimals, fc.constantFrom("mic_1.mrc", "nan", "x".repeat(40))), {
      minLength: 40,
      maxLength: 120,
    }),
    odd: fc.constantFrom("0", "0", "0", '"1"', '"a\n1"', '"', "é", "1\r2", "\n", "1,2"),
    lineEnd: fc.constantFrom("\n", "\r\n"),
    last: fc.constantFrom("", "\n", "\n\n"),
    parts: fc.array(fc.integer({ min: 1, max: 900 }), { minLength: 1, maxLength: 9 }),
    repeats: fc.integer({ min: 1, max: 8 }),
  });
  let both = 0;
  await fc.assert(
    fc.asyncProperty(table, async ({ width, cells, odd, lineEnd, last, parts, repeats }) => {
      const texts = Array.from({ length: repeats }, () => cells).flat();
      texts[Math.floor(texts.length / 2)] = odd;
      const rows = Array.from({ length: Math.floor(texts.length / width) }, (_, row) =>
        texts.slice(row * width, (row + 1) * width).join(","),
      );
      const lines = lineEnd + rows.join(lineEnd) + last.replaceAll("\n", lineEnd);
      const { found, alone } = await scannedByTwo(lines, width, parts);
      if (odd === "0") expect(found).toBeDefined();
      // as one, or as nothing where one knows no better or lines are not rows
      if (found !== undefined) expect(found).toEqual(alone);
      if (found !== undefined) both++;
    }),
    { numRuns: 200 },
  );
  expect(both).toBeGreaterThan(50);
});

test("what is no number is none", () => {
  const words = [
    "",
    "-",
    ".",
    "+.",
    "1e",
    "1e+",
    "1.2.3",
    "1 2",
    "0x10",
    "nan",
    "inf",
    "1_000",
    "--1",
    "1e5x",
    "١",
  ];
  for (const cell of words.slice(1, -1).filter((word) => !word.includes(" "))) {
    expect(scanned("commas", [cell, "1"])?.values[0], cell).toBeNaN();
    expect(scanned("blanks", [cell, "1"])?.values[0], cell).toBeNaN();
  }
  expect(scanned("commas", ["1", "١"])).toBeUndefined();
  expect(scanned("commas", ["1", '"2"'])?.values[0]).toBe(1);
  expect(scanned("commas", ["1", '"2'])).toBeUndefined();
  expect(scanned("commas", ["1", "2,3"])).toBeUndefined();
});

const cell = fc.oneof(
  { weight: 6, arbitrary: decimals },
  fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "é", "'", "0", "."), maxLength: 40 }),
  fc.constantFrom("", "mic_0001.mrc", "x".repeat(33)),
);

test("tables of any cells and line ends are those of the plain reader, also where rows are longer than what is read at once", async () => {
  const table = fc.record({
    width: fc.integer({ min: 1, max: 6 }),
    cells: fc.array(cell, { minLength: 6, maxLength: 40 }),
    isPlain: fc.boolean(),
    lineEnd: fc.constantFrom("\n", "\r\n", "\r", "\n\n"),
    hasEnd: fc.boolean(),
    mark: fc.constantFrom("", "\ufeff"),
    long: fc.constantFrom(0, 0, 0, 200_000),
  });
  const path = join(folder, "table.csv");
  await fc.assert(
    fc.asyncProperty(table, async ({ width, cells, isPlain, lineEnd, hasEnd, mark, long }) => {
      const quoted = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
      const texts = isPlain ? cells.map((text) => text.replace(/[^\w.+-]/g, "x")) : cells.map(quoted);
      const rows = Array.from({ length: Math.ceil(1_200_000 / width / 8) }, (_, row) =>
        Array.from({ length: width }, (_, i) => texts[(row * width + i) % texts.length] || "0").join(","),
      );
      if (long > 0 && isPlain) rows[3] = rows[3].replace(/[^,]*$/, "9".repeat(long));
      const names = Array.from({ length: width }, (_, i) => `c${i}`);
      await writeFile(path, mark + [names.join(","), ...rows].join(lineEnd) + (hasEnd ? lineEnd : ""));
      const found = await readCsvTable(path);
      const expected = parseCsvTable(mark + [names.join(","), ...rows].join(lineEnd), path);
      expect([found.columns, found.rows]).toEqual([expected.columns, expected.rows]);
      for (const name of names) {
        expect(isDeepStrictEqual(found.column(name), expected.column(name))).toBe(true);
        const numbers = [found, expected].map((one) => outcome(() => one.numbers(name)));
        expect(isDeepStrictEqual(numbers[0], numbers[1])).toBe(true);
        // whoever asked has them: what others do with theirs changes nothing
        const [first] = numbers;
        if (typeof first !== "string") first.fill(0);
        expect(
          isDeepStrictEqual(
            outcome(() => found.numbers(name)),
            numbers[1],
          ),
        ).toBe(true);
      }
    }),
    { numRuns: 8 },
  );
});

test("rows that come far closer than the first ones, and quotes behind them, are read as well", async () => {
  const path = join(folder, "uneven.csv");
  const long = Array.from({ length: 3000 }, (_, row) => `${row},${"x".repeat(700)}`);
  const short = Array.from({ length: 900_000 }, (_, row) => `${row},1`);
  for (const last of [[], ['"7",8']]) {
    const rows = [...long, ...short, ...last];
    await writeFile(path, ["a,b", ...rows].join("\n"));
    const table = await readCsvTable(path);
    expect(table.rows).toBe(rows.length);
    expect(table.numbers("a").at(-1)).toBe(last.length === 0 ? 899_999 : 7);
    expect(table.value(2999, "b")).toBe("x".repeat(700));
  }
});

test("a column whose numbers begin late is read as well, whoever asks for it first", async () => {
  const path = join(folder, "late.csv");
  const count = 200_000;
  const rows = Array.from({ length: count }, (_, row) => `${row},${row < count / 2 ? "nan" : row / 4}`);
  await writeFile(path, ["row,late", ...rows].join("\n"));
  const table = await readCsvTable(path);
  for (let time = 0; time < 2; time++) {
    const late = table.numbers("late");
    expect(late.findIndex((value) => !Number.isNaN(value))).toBe(count / 2);
    expect([late.length, late[count - 1]]).toEqual([count, (count - 1) / 4]);
    expect(table.numbers("row").at(-1)).toBe(count - 1);
  }
});

test("a loop of STAR in bytes is that of its text, whatever follows it", () => {
  const word = fc.oneof(
    decimals,
    fc.constantFrom("mic_1.mrc", "data_1/a", "'a b'", "loop", "s", "#", "é", "g_12_"),
  );
  const table = fc.record({
    width: fc.integer({ min: 1, max: 5 }),
    words: fc.array(word, { minLength: 5, maxLength: 20 }),
    blank: fc.constantFrom(" ", "\t", "   "),
    end: fc.constantFrom("", "\n", "\n# end\n", "\n\ndata_more\n\nloop_\n_a #1\n1\n2\n", "\n_x 5\n"),
  });
  fc.assert(
    fc.property(table, ({ width, words, blank, end }) => {
      const rows = Array.from({ length: Math.ceil(1_200_000 / width / 6) }, (_, row) =>
        Array.from({ length: width }, (_, i) => words[(row * width + i) % words.length]).join(blank),
      );
      const names = Array.from({ length: width }, (_, i) => `_c${i} #${i + 1}\n`).join("");
      const text = `data_t\n\nloop_\n${names}${rows.join(" \n")}${end}`;
      const read = (content: string | Uint8Array) =>
        outcome(() => {
          const file = parseStar(content, "t.star");
          const found = starTable(file, "t");
          const columns = found.columns.map((name) => [
            found.column(name),
            outcome(() => found.numbers(name)),
          ]);
          return [file.blocks.map(({ name, items }) => [name, items.length]), columns];
        });
      expect(isDeepStrictEqual(read(new TextEncoder().encode(text)), read(text))).toBe(true);
    }),
    { numRuns: 8 },
  );
});

function outcome<T>(work: () => T): T | string {
  try {
    return work();
  } catch (error) {
    return String(error);
  }
}
