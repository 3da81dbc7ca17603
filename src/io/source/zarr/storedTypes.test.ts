import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  axesOf,
  bytesOf,
  imageRoot,
  omeGroup,
  PLAIN_ARRAY,
  scaledDataset,
  storeMaker,
  zarr2Files,
  zarr3Array,
} from "../../../../test/support/zarrStores.ts";
import { identifyFile } from "../../identify.ts";
import type { ImageSource } from "../source.ts";
import { openZarrImages } from "./open.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-zarrtypes-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const store = storeMaker(scratch);

async function openOne(folder: string, name?: string): Promise<ImageSource> {
  return (await openZarrImages(folder)).open(name);
}

const LITTLE = [{ name: "bytes", configuration: { endian: "little" } }];
const bigEndian = (value: bigint) => new DataView(BigUint64Array.of(value).buffer).getBigUint64(0);
const zarr2Store = (...image: Parameters<typeof zarr2Files>) => store(zarr2Files(...image));

describe("stores of other programs", () => {
  test.each([
    ["<i8", BigInt64Array.of(0n, 1n, -5n, 2n ** 40n), "float64", [0, 1, -5, 2 ** 40]],
    [">u8", BigUint64Array.of(0n, 1n, 2n, 3n).map(bigEndian), "float64", [0, 1, 2, 3]],
    ["|b1", Uint8Array.of(0, 1, 1, 0), "uint8", [0, 1, 1, 0]],
  ])("%s is read as the type that holds it", async (dtype, values, type, numbers) => {
    for (const order of ["C", "F"]) {
      await using source = await openOne(zarr2Store(dtype, { order, fill_value: 0 }, values));
      expect(source.dtype).toBe(type);
      const [a, b, c, d] = numbers;
      expect(Array.from((await source.read()).data)).toEqual(order === "C" ? numbers : [a, c, b, d]);
    }
  });

  test("int64 and bool of Zarr 3, with chunks that are not there", async () => {
    const files = { "zarr.json": imageRoot(), "0/c/0/0": bytesOf(BigInt64Array.of(1n, 2n, 3n, 4n)) };
    const wide = zarr3Array([2, 3], { data_type: "int64", codecs: LITTLE });
    await using source = await openOne(store({ ...files, "0/zarr.json": wide }));
    expect(Array.from((await source.read()).data)).toEqual([1, 2, 7, 3, 4, 7]);
    const bool = zarr3Array([2, 2], { data_type: "bool", fill_value: true });
    await using mask = await openOne(store({ "zarr.json": imageRoot(), "0/zarr.json": bool }));
    expect(await mask.read()).toMatchObject({ data: Uint8Array.of(1, 1, 1, 1) });
  });

  test("a store whose root alone has the metadata: Zarr 2 and 3, with labels; its own count where they are", async () => {
    const multiscales = [{ version: "0.4", axes: axesOf("yx"), datasets: [{ path: "0" }] }];
    const metadata = {
      ".zgroup": { zarr_format: 2 },
      ".zattrs": { multiscales },
      "0/.zarray": { ...PLAIN_ARRAY, dtype: "|u1" },
      "labels/.zattrs": { labels: ["cells"] },
      "labels/cells/.zattrs": { multiscales },
      "labels/cells/0/.zarray": { ...PLAIN_ARRAY, dtype: "<i8" },
    };
    const two = store({
      ".zmetadata": { zarr_consolidated_format: 1, metadata },
      "0/0.0": Uint8Array.of(1, 2, 3, 4),
      "labels/cells/0/0.0": bytesOf(BigInt64Array.of(0n, 0n, 1n, 1n)),
    });
    await using source = await openOne(two);
    expect(Array.from((await source.read()).data)).toEqual([1, 2, 3, 4]);
    const { labels } = await openZarrImages(two);
    expect(labels).toEqual(["labels/cells"]);
    await using cells = await openOne(two, "labels/cells");
    expect(Array.from((await cells.read()).data)).toEqual([0, 0, 1, 1]);
    expect(await identifyFile(two)).toBe("ome-zarr");

    const inline = { kind: "inline", must_understand: false, metadata: { "0": zarr3Array([2, 2]) } };
    const three = { "zarr.json": { ...imageRoot(), consolidated_metadata: inline } };
    await using filled = await openOne(store(three));
    expect(Array.from((await filled.read()).data)).toEqual([7, 7, 7, 7]);
    await using own = await openOne(
      store({ ...three, "0/zarr.json": zarr3Array([2, 2], { fill_value: 3 }) }),
    );
    expect(Array.from((await own.read()).data)).toEqual([3, 3, 3, 3]);
  });

  test("a later version gets a word", async () => {
    const later = omeGroup({
      version: "0.6",
      multiscales: [{ axes: axesOf("yx"), datasets: [scaledDataset("0", [1, 1])] }],
    });
    await using source = await openOne(store({ "zarr.json": later, "0/zarr.json": zarr3Array([2, 2]) }));
    expect(source.warnings).toEqual([
      expect.stringMatching(/^version 0.6 of OME-Zarr is not known: read as 0.5/),
    ]);
  });

  test("a value beyond 2^53 is refused with its place in the image", async () => {
    const values = bytesOf(BigInt64Array.of(1n, 2n ** 60n, 3n, 4n));
    const wide = zarr3Array([2, 4], { data_type: "int64", codecs: LITTLE });
    const files = { "zarr.json": imageRoot(), "0/zarr.json": wide, "0/c/0/1": values };
    await using source = await openOne(store(files));
    await expect(source.read()).rejects.toMatchObject({
      code: "range",
      fault: { at: expect.stringMatching(/0 chunk 0\/1 value \[0, 3\]$/), found: String(2n ** 60n) },
    });
    const fill = zarr3Array([2, 2], { data_type: "uint64", fill_value: 2 ** 60, codecs: LITTLE });
    await expect(openOne(store({ "zarr.json": imageRoot(), "0/zarr.json": fill }))).rejects.toThrow(
      /fill_value: expected a value of uint64 within 2\^53/,
    );
  });
});
