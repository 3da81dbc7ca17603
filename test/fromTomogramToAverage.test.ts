import { join } from "node:path";
import { expect, test } from "vitest";
import { readMrcVolume } from "../src/io/index.ts";
import { linksOf, runDocsPage } from "./support/docsPage.ts";
import { scratchFolder } from "./support/searchCase.ts";

const PAGE = "fromTomogramToAverage.md";
const folder = scratchFolder();

test(`the commands of docs/${PAGE} do what the page says`, async () => {
  await runDocsPage(PAGE, { folder, tolerance: 0.1 });
  // beyond what it prints: the average is like the template, at half its sampling
  const [average, template] = await Promise.all(
    ["average.mrc", "template.mrc"].map((name) => readMrcVolume(join(folder, name))),
  );
  expect([average.shape, template.shape]).toEqual([
    [24, 24, 24],
    [48, 48, 48],
  ]);
  const halved = Float32Array.from({ length: 24 ** 3 }, (_, i) => {
    const [z, y, x] = [Math.floor(i / 576), Math.floor(i / 24) % 24, i % 24];
    let sum = 0;
    for (let k = 0; k < 8; k++)
      sum += template.data[((2 * z + (k >> 2)) * 48 + 2 * y + ((k >> 1) & 1)) * 48 + 2 * x + (k & 1)];
    return sum;
  });
  expect(correlation(average.data, halved)).toBeGreaterThan(0.7);
}, 300_000);

test("the page names files that are there", () => {
  expect(linksOf(PAGE)).toEqual({ targets: 3, lost: [] });
});

function correlation(a: ArrayLike<number>, b: ArrayLike<number>): number {
  const mean = (values: ArrayLike<number>) =>
    Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
  const [meanA, meanB] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] - meanA, b[i] - meanB];
    ab += x * y;
    aa += x * x;
    bb += y * y;
  }
  return ab / Math.sqrt(aa * bb);
}
