import { expect, test } from "vitest";
import { openMrc } from "./mrcFile.ts";
import { formatMrc } from "./mrcWrite.ts";

const open = (bytes: Uint8Array, name: string) =>
  openMrc(new File([new Uint8Array(bytes)], name)).then(
    () => "opened",
    (error: Error) => error.message,
  );
const text = (content: string) => new TextEncoder().encode(content.padEnd(2000));

test.each([
  [
    "atoms.mrc",
    text("HEADER    TEST\nATOM      1  N   GLY A   1\n"),
    /found atoms of a PDB file\. Make a map .*simulate-map/,
  ],
  ["atoms.pdb", text("ATOM      1  N   GLY A   1\n"), /found atoms of a PDB file/],
  ["atoms.cif", text("data_1ABC\n#\n_entry.id 1ABC\n"), /found atoms of an mmCIF file\. Make a map/],
  ["table.star", text("\ndata_particles\n\nloop_\n_rlnDefocusU #1\n"), /found a STAR file/],
  ["page.map", text("<!DOCTYPE html><html>not found</html>"), /found text\. .*download failed/],
  ["config.json", text('{ "template": 1 }'), /found JSON/],
  ["maps.zip", Uint8Array.of(0x50, 0x4b, 3, 4, ...new Uint8Array(2000)), /found a zip archive/],
  [
    "image.mrc",
    Uint8Array.of(0x49, 0x49, 0x2a, 0, ...new Uint8Array(2000)),
    /found a TIFF file\. Convert it: vitrine convert/,
  ],
  [
    "stack.h5",
    Uint8Array.of(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a, ...new Uint8Array(2000)),
    /found an HDF5 file/,
  ],
  ["map.bz2", Uint8Array.of(0x42, 0x5a, 0x68, ...new Uint8Array(2000)), /found a file that bzip2 packed/],
  ["noise.mrc", Uint8Array.from({ length: 2000 }, (_, i) => (i * 151) % 256), /expected/],
])("%s given as a map: what it is, and what to do", async (name, bytes, message) => {
  const said = await open(bytes, name);
  expect(said).toMatch(message);
  expect(said).not.toMatch(/newstack/);
});

test("an MRC file is opened whatever its name", async () => {
  const bytes = formatMrc({ data: Float32Array.of(1, 2, 3, 4), shape: [2, 2], voxelSizeA: 1 });
  expect(await open(bytes, "image.pdb")).toBe("opened");
});
