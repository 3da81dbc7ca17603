// Stands in for "#files" in a bundle: the same files on a disk that is slow at ordered calls, by real time.

import * as files from "../../src/io/files.node.ts";
import type { WritableFile } from "../../src/io/files.ts";

export * from "../../src/io/files.node.ts";

/** Writes and syncs of all files, counted from 0, and how long the disk takes for those at multiples of `every`. */
interface SlowDisk {
  readonly every: number;
  readonly writeMs: number;
  readonly syncMs: number;
}

const disk: SlowDisk = JSON.parse(process.env.SLOW_DISK ?? '{ "every": 1, "writeMs": 0, "syncMs": 0 }');
let writes = 0;

const wait = (ms: number) => new Promise<void>((resolve) => void setTimeout(resolve, ms));

/** As that of `files.node.ts`. */
export async function openWritable(
  path: string,
  options: { readonly create: boolean },
): Promise<WritableFile> {
  const file = await files.openWritable(path, options);
  return {
    ...file,
    async write(pieces, position) {
      if (writes++ % disk.every === 0 && disk.writeMs > 0) await wait(disk.writeMs);
      await file.write(pieces, position);
    },
    async sync() {
      if (disk.syncMs > 0) await wait(disk.syncMs);
      await file.sync();
    },
  };
}
