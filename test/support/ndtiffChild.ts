// Writes images as fast as it can and prints the number of each one that is saved, until somebody kills it.

import { writeSync } from "node:fs";
import { createNdtiff } from "../../src/io/index.ts";

const [directory, images, kind] = process.argv.slice(2);
const durability = kind === "process" ? "process" : "power";
const writer = await createNdtiff({ directory, maxFileBytes: 5_400_000, durability });

async function save(time: number): Promise<void> {
  const [width, height] = [64, 128];
  const data = Uint16Array.from({ length: width * height }, (_, i) => (time * 1000 + i) % 65_536);
  await writer.put({ axes: { time }, image: { data, width, height, channels: 1 }, metadata: { time } });
  writeSync(1, `${time}\n`);
}

const pending = new Set<Promise<void>>();
for (let time = 0; time < Number(images); time++) {
  const put = save(time).finally(() => pending.delete(put));
  pending.add(put);
  if (pending.size >= 8) await Promise.race(pending);
}
await Promise.all(pending);
await writer.finish();
