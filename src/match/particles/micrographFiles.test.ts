import { expect, test } from "vitest";
import { withMicrographs } from "./micrographFiles.ts";

const TABLE = {
  columns: ["micrograph_path", "defocus_u", "pixel_size", "relative_defocus"],
  rows: ["day1/a.mrc", "day2/a.mrc", "day2/b.mrc", "day1/a.mrc"].map((micrograph_path) => {
    return { micrograph_path, defocus_u: "9000.0", pixel_size: "2.0", relative_defocus: "50.0" };
  }),
};

test("rows of the files that are named stay, by as much of their paths as is there, with their place and optics", () => {
  const files = [
    { path: "/new/day2/a.mrc", optics: { defocusUA: 9100, defocusVA: 8900, pixelSizeA: 2.005 } },
    { path: "/new/day1/a.tif" },
  ];
  const { columns, rows } = withMicrographs(TABLE, files, { at: "p.csv" });
  expect(rows.map((row) => row.micrograph_path)).toEqual([
    "/new/day1/a.tif",
    "/new/day2/a.mrc",
    "/new/day1/a.tif",
  ]);
  expect(columns).toEqual([...TABLE.columns, "defocus_v"]);
  expect(rows[0].defocus_u).toBe("9000.0");
  expect(rows[1]).toMatchObject({ defocus_u: "9100.0", defocus_v: "8900.0", relative_defocus: "50.0" });
});

test("files without particles and other pixel sizes are told; that no particle is left is an error", () => {
  const warnings: string[] = [];
  const onLog = (message: string) => warnings.push(message);
  const files = [{ path: "b.mrc", optics: { pixelSizeA: 1.06 } }, { path: "c.mrc" }];
  expect(withMicrographs(TABLE, files, { at: "p.csv", onLog }).rows).toHaveLength(1);
  expect(warnings).toEqual([
    "p.csv: no particles in c.mrc",
    "b.mrc: pixels of 1.06 Å, not 2 Å as in p.csv, which are used",
  ]);
  expect(() => withMicrographs(TABLE, [{ path: "d.mrc" }], { at: "p.csv" })).toThrow(
    "p.csv: expected particles of d.mrc, found those of day1/a.mrc, day2/a.mrc, day2/b.mrc. Micrographs are compared by their files' names.",
  );
});
