import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { requirement, sharedReal } from "../../../test/support/require.ts";
import { formatStar, readStar, writeStar } from "./format.ts";
import { parseStar } from "./parse.ts";
import { type StarBlock, type StarFile, starBlock, starPairs, starTable } from "./star.ts";
import { createStarTable, type StarTable, withStarColumns } from "./table.ts";

const RELION31 = `
# version 30001

data_optics

loop_ 
_rlnOpticsGroupName #1 
_rlnOpticsGroup #2 
_rlnVoltage #3 
opticsGroup1            1   300.000000 
 

# version 30001

data_particles

loop_ 
_rlnCoordinateX #1 
_rlnMicrographName #2 
_rlnOpticsGroup #3 
  1024.500000 data_1/mic_1.mrc            1 
   -12.000000 "my mic.mrc"            1 
 
`;

const OTHER = `\ufeff#\\#CIF_1.1
data_general\r
_rlnName 'it's'  # a comment\r
_empty ""
_cell.length_a 1.5 _cell.length_b 2.5e1(3)
_text
;first
 "second"
;
loop_ _a.x _a.y 1 . 'two words' "a;b" ;c ? # end
data_nothing
data_
loop_
_alone #1`;

/** What a file says, in plain values. */
function said(file: StarFile): unknown {
  return file.blocks.map(({ name, items }) => ({
    name,
    items: items.map((item) => (item.kind === "pair" ? [item.name, item.value] : tableSaid(item))),
  }));
}

const tableSaid = (table: StarTable) => table.columns.map((name) => [name, ...table.column(name)]);

describe("reading", () => {
  test("RELION 3.1: optics and particles", () => {
    const file = parseStar(RELION31, "a.star");
    expect(file.blocks.map(({ name }) => name)).toEqual(["optics", "particles"]);
    const particles = starTable(file, "particles");
    expect(particles.rows).toBe(2);
    expect(Array.from(particles.numbers("rlnCoordinateX"))).toEqual([1024.5, -12]);
    expect(particles.column("rlnMicrographName")).toEqual(["data_1/mic_1.mrc", "my mic.mrc"]);
    expect(particles.value(1, "rlnOpticsGroup")).toBe("1");
    expect(starTable(file, "optics").value(0, "rlnVoltage")).toBe("300.000000");
  });

  test("pairs, quotes, texts of several lines, comments, an empty block, a loop without rows", () => {
    const file = parseStar(OTHER, "b.cif");
    expect([...starPairs(starBlock(file, "general"))]).toEqual([
      ["rlnName", "it's"],
      ["empty", ""],
      ["cell.length_a", "1.5"],
      ["cell.length_b", "2.5e1(3)"],
      ["text", 'first\n "second"'],
    ]);
    expect(tableSaid(starTable(file, "general"))).toEqual([
      ["a.x", "1", "two words", ";c"],
      ["a.y", ".", "a;b", "?"],
    ]);
    expect(starBlock(file, "nothing").items).toEqual([]);
    expect(starTable(file, "").rows).toBe(0);
  });

  test("bytes read as their text", () => {
    expect(said(parseStar(new TextEncoder().encode(OTHER), "b.cif"))).toEqual(
      said(parseStar(OTHER, "b.cif")),
    );
  });

  test.each([
    ["a picture", "PNG", 'x.star line 1: expected data_ before anything else, found "PNG".'],
    [
      "a row that is short",
      "data_\nloop_\n_a\n_b\n1 2\n3\n4 5\n",
      'x.star line 6: expected rows of 2 values, one a column, found 5 values in all, this row "3".',
    ],
    [
      "a name twice",
      "data_\n_a 1\n_a 2",
      "x.star line 3: expected each name once in a block, found _a again.",
    ],
    ["no value", "data_\n_a\n_b 1", 'x.star line 3: expected a value of _a, found "_b".'],
    [
      "a loop without names",
      "data_\nloop_\n1",
      'x.star line 3: expected names of columns after loop_, found "1".',
    ],
    ["an open quote", "data_\n_a 'b\n", "x.star line 2: expected a text that is closed, found none that is."],
    ["an open text", "data_\n_a\n;b\n", "x.star line 3: expected a text that is closed, found none that is."],
    ["a value alone", "data_\n_a 1 2", 'x.star line 2: expected a name, a loop_ or a block, found "2".'],
    [
      "a save frame",
      "data_\nsave_x\n",
      "x.star line 2: expected data blocks with values and loops, found save_x.",
    ],
  ])("%s is refused with its line", (_, text, message) => {
    expect(() => parseStar(text, "x.star")).toThrow(message);
  });

  test("what is not there and what is no number is named", () => {
    const file = parseStar(RELION31, "a.star");
    const particles = starTable(file, "particles");
    expect(() => particles.numbers("rlnMicrographName")).toThrow(
      'a.star line 21: expected a number for rlnMicrographName, found "data_1/mic_1.mrc".',
    );
    expect(() => particles.column("rlnX")).toThrow("expected a column rlnX, found rlnCoordinateX, rln");
    expect(() => particles.value(2, "rlnCoordinateX")).toThrow("expected a row within 0..1, found 2");
    expect(() => starBlock(file, "x")).toThrow(
      "expected one block data_x, found data_optics, data_particles",
    );
    expect(() => parseStar(Uint8Array.of(0xff, 0xfe), "u.star")).toThrow("u.star: expected UTF-8 text");
  });
});

describe("writing", () => {
  test("a file without a change is the same text", () => {
    for (const text of [RELION31, OTHER, "", " # nothing", OTHER.replaceAll("\n", "\r\n")])
      expect(formatStar(parseStar(text, "a.star"))).toBe(text);
  });

  const cell = fc.oneof(
    fc.string({ unit: fc.constantFrom("a", "#", "'", '"', "_", ";", " ", "\n", ".", "é", "\t", "\r") }),
    fc.constantFrom("data_x", "loop_", "LOOP_", "save_", "?", "1.5e3", "", "stop_", "Data_", "\ufeff"),
  );
  const canHold = (text: string) => !/[\r\n];/.test(text) && !text.endsWith("\r");
  const value = cell.filter(canHold);
  const names = fc.uniqueArray(fc.stringMatching(/^[a-z.#;"]{1,4}$/), { minLength: 2, maxLength: 6 });
  const block = fc
    .tuple(
      fc.stringMatching(/^[a-z#]{0,3}$/),
      names,
      fc.array(fc.array(value, { minLength: 6, maxLength: 6 })),
      value,
    )
    .map(([name, [first, ...columns], rows, single]): StarBlock => {
      const table = createStarTable(
        Object.fromEntries(columns.map((column, i) => [column, rows.map((row) => row[i])])),
      );
      return { name, items: [{ kind: "pair", name: first, value: single }, table] };
    });

  test("what is written reads back, and is then kept as it is", () => {
    fc.assert(
      fc.property(fc.array(block, { maxLength: 3 }), (blocks) => {
        const file = { name: "a", blocks };
        const text = formatStar(file);
        const back = parseStar(text, "a");
        expect(said(back)).toEqual(said(file));
        expect(formatStar(back)).toBe(text);
      }),
    );
  });

  test("a replaced table leaves the rest as it was, in any order", () => {
    const file = parseStar(RELION31, "a.star");
    const [optics, particles] = file.blocks;
    const moved = withStarColumns(starTable(file, "particles"), {
      rlnCoordinateX: [1, 0.1 + 0.2],
      new: ["", "b c"],
    });
    const changed = { ...file, blocks: [{ ...particles, items: [moved] }, optics] };
    expect(formatStar(changed)).toBe(`
data_particles


loop_
_rlnCoordinateX #1
_rlnMicrographName #2
_rlnOpticsGroup #3
_new #4
           1 "data_1/mic_1.mrc"            1           ""
0.30000000000000004 "my mic.mrc"            1        "b c"
${RELION31.slice(0, RELION31.indexOf(" \n \n\n# version 30001\n\ndata_particles"))}
`);
    expect(said(parseStar(formatStar(changed), "a"))).toEqual(said(changed));
  });

  test("what STAR cannot hold is refused", () => {
    const one = (items: StarBlock["items"]) => formatStar({ name: "a.star", blocks: [{ name: "x", items }] });
    const pair = { kind: "pair", name: "b", value: "1" } as const;
    expect(() => one([{ ...pair, value: "c\n;d" }])).toThrow(
      "a.star data_x _b: expected a text without lines that begin",
    );
    expect(() => one([createStarTable({ a: [] }), pair])).toThrow(
      "no single value behind a table without rows",
    );
    expect(() => createStarTable({ a: [1], b: [] })).toThrow(
      "createStarTable b: expected 1 values, as a has, found 0",
    );
    expect(() => createStarTable({ "a b": [] })).toThrow('expected a name without blanks, found "a b"');
  });

  test("many rows are read, changed and written", async () => {
    const rows = 300_000;
    const x = Array.from({ length: rows }, (_, i) => i / 8);
    const table = createStarTable({
      rlnCoordinateX: x,
      rlnMicrographName: x.map((i) => `mic${i % 1000}.mrc`),
    });
    const folder = await mkdtemp(join(tmpdir(), "vitrine-star-"));
    try {
      const path = join(folder, "large.star");
      await writeStar(path, { name: path, blocks: [{ name: "particles", items: [table] }] });
      const back = await readStar(path);
      expect(starTable(back, "particles").numbers("rlnCoordinateX").at(-1)).toBe((rows - 1) / 8);
      await writeStar(join(folder, "copy.star"), back);
      expect(Buffer.compare(await readFile(path), await readFile(join(folder, "copy.star")))).toBe(0);
      await expect(writeStar(path, back)).rejects.toThrow("expected no file of this name");
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

const real = requirement("shared-real");

test.skipIf(!real.available)("a real file of RELION without optics (needs shared-real)", async () => {
  const folder = join(sharedReal, "cryolike");
  for (const name of (await readdir(folder)).filter((file) => file.endsWith(".star"))) {
    const path = join(folder, name);
    const file = await readStar(path);
    const table = starTable(file, "images");
    expect(table.columns.slice(0, 2)).toEqual(["rlnVoltage", "rlnDefocusU"]);
    expect(table.rows).toBe(
      (await readFile(path, "utf8")).split("\n").filter((line) => /^\d/.test(line)).length,
    );
    expect(table.numbers("rlnMagnification")[0]).toBe(104089);
    expect(formatStar(file)).toBe(await readFile(path, "utf8"));
  }
});
