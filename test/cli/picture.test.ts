import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatCsv, parseCsv } from "../../src/io/index.ts";
import { caseMaker, vitrineHere } from "../support/command.ts";
import { scratchFolder } from "../support/searchCase.ts";

const smallSearch = caseMaker(scratchFolder());

test("a search drawn again from its maps is the picture that the search drew, several templates each their own", async () => {
  const { folder, args } = smallSearch();
  const [first, again] = [join(folder, "first.png"), join(folder, "again.png")];
  const table = args[args.indexOf("--particles") + 1] ?? "particles.csv";
  const options = ["--z-cutoff", "3.5", "--mask-radius", "7"];
  expect(await vitrineHere([...args, ...options, "--picture", first])).toMatchObject({ code: 0 });
  expect(await vitrineHere(["picture", args[1], ...options, "--out", again])).toMatchObject({ code: 0 });
  expect(readFileSync(again).equals(readFileSync(first))).toBe(true);

  const marked = await vitrineHere(["picture", args[1], "--out", again, "--overwrite", "--planted", table]);
  expect(marked).toMatchObject({ code: 0 });
  expect(readFileSync(again).equals(readFileSync(first))).toBe(false);
});

test("marks lie at centres: a table of another box and RELION's particles give the same picture", async () => {
  const { folder, args } = smallSearch();
  const table = join(folder, "found.csv");
  const search = [...args.slice(0, 2), "--particles", table, "--z-cutoff", "3.5"];
  expect(await vitrineHere(search)).toMatchObject({ code: 0 });
  // corners of a template whose box has 20 pixels more
  const { columns, rows } = parseCsv(readFileSync(table, "utf8"), table);
  const larger = rows.map((row) => ({
    ...row,
    ...{ pos_x: `${Number(row.pos_x) - 10}`, pos_y: `${Number(row.pos_y) - 10}` },
  }));
  const other = join(folder, "other.csv");
  writeFileSync(other, formatCsv(columns, larger));
  const relion = join(folder, "relion.star");
  expect(await vitrineHere(["convert", table, relion])).toMatchObject({ code: 0 });
  const pictures: Buffer[] = [];
  for (const planted of [table, other, relion]) {
    const out = join(folder, `marked${pictures.length}.png`);
    const draw = ["picture", args[1], "--z-cutoff", "3.5", "--out", out];
    expect(await vitrineHere([...draw, "--planted", planted])).toMatchObject({ code: 0 });
    pictures.push(readFileSync(out));
  }
  expect(pictures[1].equals(pictures[0])).toBe(true);
  expect(pictures[2].equals(pictures[0])).toBe(true);
});

test("options that the drawn maps leave idle are told", async () => {
  const { folder, args } = smallSearch();
  expect(await vitrineHere(args)).toMatchObject({ code: 0 });
  const idle = await vitrineHere([
    "picture",
    args[1],
    "--out",
    join(folder, "p.png"),
    "--particles",
    "x.csv",
  ]);
  expect(idle).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/--particles has no effect here with the maps of the full search/),
  });
});

test("what cannot be drawn is refused: no maps, a picture that is there, marks without a picture, maps of another search", async () => {
  const { folder, args } = smallSearch();
  const picture = ["picture", args[1], "--out", join(folder, "p.png")];
  expect(await vitrineHere(picture)).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/scaled_mip\.mrc/),
  });
  const marks = await vitrineHere([...args, "--planted", "truth.csv"]);
  expect(marks.stderr).toMatch(/planted: expected a picture, found none\. Name a picture \(--picture FILE\)/);
  writeFileSync(join(folder, "p.png"), "mine");
  const taken = await vitrineHere(picture);
  expect(taken.stderr).toMatch(
    /p\.png: expected no file of this name, found one\. Allow it with --overwrite/,
  );
  expect(readFileSync(join(folder, "p.png"), "utf8")).toBe("mine");
  expect((await vitrineHere([...args])).code).toBe(0);
  const cropped = await vitrineHere([...picture, "--overwrite", "--template", join(folder, "image.mrc")]);
  expect(cropped.code).toBe(1);
});
