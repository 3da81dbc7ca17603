import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { formatMrc, formatMrcHeader, parseMrcHeader, writeMrc, writeTiff } from "../../io/index.ts";
import { openTemplate, readMicrograph } from "./searchInputs.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-micrographs-"));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

test("a micrograph in TIFF is the one in MRC; a movie is no micrograph", async () => {
  const data = Float32Array.from({ length: 12 }, (_, i) => i / 4);
  const page = { data, width: 4, height: 3, channels: 1 };
  await writeTiff(path("a.tif"), { pages: [page], pixelSizeA: 2 });
  await writeMrc(path("a.mrc"), { data, shape: [3, 4], voxelSizeA: 2 });
  const mrc = await readMicrograph(path("a.mrc"));
  expect(await readMicrograph(path("a.tif"), { tiffRows: "keep" })).toEqual(mrc);
  const upsideDown = [...data.subarray(8), ...data.subarray(4, 8), ...data.subarray(0, 4)];
  const said: string[] = [];
  const onLog = (line: string) => said.push(line);
  expect(await readMicrograph(path("a.tif"), { onLog })).toEqual({
    ...mrc,
    data: Float32Array.from(upsideDown),
  });
  expect(said).toEqual([expect.stringContaining("a.tif: its last row is taken for the first of MRC")]);
  await readMicrograph(path("a.tif"), { tiffRows: "flip", onLog });
  expect(said).toHaveLength(1);
  await writeTiff(path("movie.tiff"), { pages: [page, page] });
  await expect(readMicrograph(path("movie.tiff"))).rejects.toThrow("expected one page, found 2");
});

test("a pixel that is no number is named", async () => {
  const data = Float32Array.of(1, 2, Number.NaN, 4);
  await writeTiff(path("nan.tif"), { pages: [{ data, width: 2, height: 2, channels: 1 }] });
  await expect(readMicrograph(path("nan.tif"))).rejects.toThrow(
    "nan.tif pixel (y 1, x 0): expected a finite number",
  );
});

test("several volumes that together are a cube are no template; a stack is one with a word", async () => {
  const bytes = formatMrc({ data: new Float32Array(64).fill(1), shape: [4, 4, 4], voxelSizeA: 2 });
  const header = parseMrcHeader(bytes, "t.mrc");
  const write = (change: Partial<typeof header>) => {
    bytes.set(formatMrcHeader({ ...header, ...change }));
    writeFileSync(path("t.mrc"), bytes);
  };
  write({ spaceGroup: 401, sampling: [4, 4, 2], cellA: [8, 8, 4] });
  await expect(openTemplate(path("t.mrc"))).rejects.toThrow(
    "expected one volume, found 4 sections in volumes of 2",
  );
  write({ spaceGroup: 0 });
  const stack = await openTemplate(path("t.mrc"));
  expect(stack.warnings).toEqual([
    `${path("t.mrc")}: header.ispg 0 says a stack of 4 images; taken for a volume of 4 planes`,
  ]);
  await stack.close();
  write({});
  const volume = await openTemplate(path("t.mrc"));
  expect(volume.warnings).toEqual([]);
  await volume.close();
});
