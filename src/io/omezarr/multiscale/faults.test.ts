import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mountSmallDisk } from "../../../../test/support/smallDisk.ts";
import { openZarrImages } from "../../source/zarr/open.ts";
import { createOmeZarrImage } from "./writer.ts";

const smallDisk = mountSmallDisk(2);

describe.skipIf(smallDisk === undefined)("a full disk", () => {
  test.each([0, 1])(
    "with %i threads: one error that names a file, and an image that can be opened",
    async (threads) => {
      const directory = join(smallDisk ?? "", `full-${threads}.zarr`);
      const filler = join(smallDisk ?? "", "filler");
      writeFileSync(filler, new Uint8Array(2 ** 19));
      const axes = ["y", "x"].map((name) => ({ name, kind: "space" as const }));
      const layout = { axes, shape: [2048, 1024], dtype: "uint16", compression: "none", threads } as const;
      const writer = await createOmeZarrImage({ directory, ...layout });
      const data = new Uint16Array(2048 * 1024).fill(7);
      const failed = async () => {
        await writer.write({}, data);
        await writer.finish();
      };
      await expect(failed()).rejects.toMatchObject({
        code: "storage",
        message: expect.stringMatching(/full-\d\.zarr\/\d.*The disk is full/),
      });
      await writer.close();
      await using images = await openZarrImages(directory);
      await using image = await images.open();
      const values = new Set((await image.read()).data);
      expect([...values].every((value) => value === 0 || value === 7)).toBe(true);
      rmSync(filler);
      rmSync(directory, { recursive: true });
    },
  );
});
