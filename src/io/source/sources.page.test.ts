import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openProgramPage, type ProgramPage } from "../../../test/support/page.ts";
import { requirement } from "../../../test/support/require.ts";
import { writeSource } from "../convert/write.ts";
import { sourceAxis } from "./axes.ts";
import { memorySource } from "./memory.ts";
import { openImage } from "./open.ts";

const { available } = requirement("chromium");

const FILES = {
  "cells.mrc": "mrc",
  "cells.npy": "npy",
  "cells.tif": "tiff",
  "cells.ome.tif": "ome-tiff",
  "cells.zarr": "ome-zarr",
} as const;

/** The page's program, as a user would write it. */
const PROGRAM = `
import { createOmeZarrImage, openImage, openTiffImages } from "vitrine/io";

const plain = ({ axes, shape, data }) => ({ axes, shape, data: Array.from(data) });

window.partBy = async (folder, name, what) => {
  const url = new URL("/" + folder + "/" + name, location.href).href;
  performance.clearResourceTimings();
  await using image = await openImage(url);
  const block = plain(await image.read(what));
  const entries = performance.getEntriesByName(url);
  const requests = performance.getEntriesByType("resource").filter(({ name }) => name.includes("/" + folder + "/"));
  return { block, requests: requests.length, bytes: entries.reduce((sum, one) => sum + one.encodedBodySize, 0), warnings: image.warnings };
};
window.part = async (name, what) => {
  await using image = await openImage(new URL("/files/" + name, location.href).href);
  return plain(await image.read(what));
};
window.partOfBlob = async (name, what) => {
  await using images = await openTiffImages(await (await fetch("/files/" + name)).blob());
  await using image = await images.open();
  return plain(await image.read(what));
};
window.write = () =>
  createOmeZarrImage({
    directory: "out.zarr",
    axes: [{ name: "y", kind: "space" }, { name: "x", kind: "space" }],
    shape: [4, 4],
    dtype: "uint8",
  }).then(() => "written", ({ code, message }) => code + " " + message);
`;

const PLACE = { y: [3, 6], x: [280, 284] } as const;
const WHAT = { level: 0, region: { z: 1, ...PLACE } };

describe.skipIf(!available)("sources in a page", () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-sources-"));
  const files = join(folder, "files");
  let program: ProgramPage;
  let page: Awaited<ReturnType<ProgramPage["open"]>>["page"];

  beforeAll(async () => {
    for (const path of [files, join(folder, "page")]) mkdirSync(path);
    await using source = cells();
    for (const [name, format] of Object.entries(FILES) as [string, (typeof FILES)[keyof typeof FILES]][])
      await writeSource(source, join(files, name), { format, overwrite: false });
    for (const name of ["cells.mrc", "cells.tif"]) {
      const bytes = readFileSync(join(files, name));
      const members = [bytes.subarray(0, 1000), bytes.subarray(1000, 5000), bytes.subarray(5000)];
      writeFileSync(join(files, `${name}.gz`), Buffer.concat(members.map((part) => gzipSync(part))));
    }
    program = await openProgramPage({
      folder: join(folder, "page"),
      program: PROGRAM,
      served: { files, ranged: files },
      ranged: ["ranged"],
    });
    ({ page } = await program.open());
  });
  afterAll(async () => {
    await program?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  const call = (name: string, ...values: unknown[]) =>
    page.evaluate(`window.${name}(...${JSON.stringify(values)})`);

  test.each(Object.keys(FILES))("a region of %s by its address is the one of Node", async (name) => {
    // plain TIFF tells no names of axes
    const what = name === "cells.tif" ? { level: 0, region: { time: 1, ...PLACE } } : WHAT;
    expect(await call("part", name, what)).toEqual(await inNode(join(files, name), what));
  });

  test.each(["cells.mrc", "cells.npy", "cells.ome.tif"])(
    "%s over HTTP: parts where the server gives ranges, all of it with a word where not, in few requests",
    async (name) => {
      interface Answer {
        readonly block: unknown;
        readonly requests: number;
        readonly warnings: readonly string[];
      }
      const [ranged, whole] = (await Promise.all([
        call("partBy", "ranged", name, WHAT),
        call("partBy", "files", name, WHAT),
      ])) as Answer[];
      const expected = await inNode(join(files, name), WHAT);
      expect([ranged.block, whole.block]).toEqual([expected, expected]);
      expect(ranged.warnings).toEqual([]);
      expect(whole.warnings.join()).toContain("its server answers no ranges");
      expect(ranged.requests).toBeLessThanOrEqual(20);
    },
  );

  test.each(["cells.mrc.gz", "cells.tif.gz"])("%s of several members of gzip", async (name) => {
    const what = name === "cells.tif.gz" ? { level: 0, region: { time: 1, ...PLACE } } : WHAT;
    for (const folder of ["ranged", "files"]) {
      const { block } = (await call("partBy", folder, name, what)) as { readonly block: unknown };
      expect(block).toEqual(await inNode(join(files, name), what));
    }
  });

  test.each(["cells.ome.tif", "cells.zarr"])("the lower level of %s is the one of Node", async (name) => {
    const what = { level: 1, region: { y: [1, 3] } } as const;
    expect(await call("part", name, what)).toEqual(await inNode(join(files, name), what));
  });

  test("a TIFF file that the user chose, as a Blob", async () => {
    expect(await call("partOfBlob", "cells.ome.tif", WHAT)).toEqual(
      await inNode(join(files, "cells.ome.tif"), WHAT),
    );
  });

  test("the writer of OME-Zarr says that a page has no folders", async () => {
    expect(await call("write")).toMatch(/^unsupported /);
  });
});

/** Two planes that are wide enough for a second level. */
function cells() {
  const shape = [2, 20, 300];
  const data = Uint16Array.from({ length: 2 * 20 * 300 }, (_, i) => (i * 7919) % 60_000);
  const axes = ["z", "y", "x"].map((name) => sourceAxis(name, { unit: "micrometer" }));
  return memorySource({ axes: ["z", "y", "x"], shape, data }, { axes, scale: [1, 0.5, 0.5] });
}

async function inNode(path: string, what: Parameters<Awaited<ReturnType<typeof openImage>>["read"]>[0]) {
  await using image = await openImage(path);
  const { axes, shape, data } = await image.read(what);
  return { axes, shape, data: Array.from(data) };
}
