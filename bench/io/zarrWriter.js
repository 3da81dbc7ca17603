// Writes the values of a .npy file as OME-Zarr, a store a question; the time and memory of each are the answer.
import { rmSync } from "node:fs";
import { createInterface } from "node:readline";
import { createOmeZarrImage, openImage } from "../../dist/io/index.js";
import { peakMemoryMiB } from "../../test/support/peakMemory.mjs";

const LEVELS = 5;
const ROWS = 512;

const AXES = [
  { name: "channel", kind: "channel" },
  { name: "y", kind: "space" },
  { name: "x", kind: "space" },
];

for await (const line of createInterface({ input: process.stdin })) {
  const { values, store, codec } = JSON.parse(line);
  rmSync(store, { recursive: true, force: true });
  const [start, before] = [performance.now(), process.cpuUsage()];
  await write(values, store, codec);
  const { user, system } = process.cpuUsage(before);
  const answer = {
    seconds: (performance.now() - start) / 1000,
    cpu: (user + system) / 1e6,
    peakMiB: peakMemoryMiB(),
  };
  console.log(JSON.stringify(answer));
}

async function write(values, directory, codec) {
  const image = await openImage(values);
  try {
    const { shape } = image.levels[0];
    const layout = { axes: AXES, shape, dtype: image.dtype, levels: LEVELS, chunkShape: [1, 512, 512] };
    const writer = await createOmeZarrImage({
      directory,
      ...(codec !== "default" && { compression: codec }),
      ...layout,
    });
    let into;
    for (let channel = 0; channel < shape[0]; channel++) {
      for (let y = 0; y < shape[1]; y += ROWS) {
        const rows = [y, Math.min(shape[1], y + ROWS)];
        const region = Object.fromEntries(
          image.axes.slice(0, 2).map(({ name }, i) => [name, [channel, rows][i]]),
        );
        const isWhole = into?.length === (rows[1] - y) * shape[2];
        const { data } = await image.read({ region, ...(isWhole && { into }) });
        into ??= data;
        await writer.write({ channel: [channel, channel + 1], y: rows }, data);
      }
    }
    await writer.finish();
  } finally {
    await image.close();
  }
}
