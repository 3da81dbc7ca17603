import { expect, test } from "vitest";
import { createCells } from "./cells.ts";
import { openDemoMicroscope } from "./demoMicroscope.ts";
import { plantedCells } from "./plantedCells.ts";

const WINDOW = { leftUm: -166.4, topUm: -166.4, widthUm: 332.8, heightUm: 332.8 };
const FLAT = { offsetUm: 0, tiltUmPerMm: [0, 0], waveUm: 0 } as const;

test("planted cells lie where the nuclei of the image are", () => {
  const specimen = createCells({ seed: 3, cellsPerMm2: 60, focus: FLAT });
  const cells = plantedCells({ seed: 3, specimen: { cellsPerMm2: 60 }, focus: FLAT }, WINDOW);
  expect(cells.length).toBeGreaterThan(3);
  const side = 512;
  const image = new Float32Array(side ** 2);
  const place = { xUm: 0, yUm: 0, zUm: 0, widthPx: side, heightPx: side, pixelSizeUm: 0.65 };
  specimen.render({ ...place, channel: "DAPI", timeMs: 0 }, image);
  const valueAt = (xUm: number, yUm: number) =>
    image[Math.floor(yUm / 0.65 + side / 2) * side + Math.floor(xUm / 0.65 + side / 2)];
  for (const { xUm, yUm } of cells) expect(valueAt(xUm, yUm)).toBeGreaterThan(30);
  // and nowhere else: what is bright is within a nucleus' reach of one of them, or of the edge
  let far = 0;
  image.forEach((value, i) => {
    const [x, y] = [((i % side) + 0.5 - side / 2) * 0.65, (Math.floor(i / side) + 0.5 - side / 2) * 0.65];
    if (value < 30 || Math.max(Math.abs(x), Math.abs(y)) > 166.4 - 13) return;
    if (cells.every((cell) => Math.hypot(cell.xUm - x, cell.yUm - y) > 13)) far++;
  });
  expect(far).toBe(0);
});

test("windows side by side have each cell once", () => {
  const half = { ...WINDOW, widthUm: 166.4 };
  const parts = [half, { ...half, leftUm: 0 }].flatMap((window) => plantedCells({}, window));
  const byPlace = (cells: readonly { xUm: number; yUm: number }[]) =>
    cells.map(({ xUm, yUm }) => `${xUm} ${yUm}`).sort();
  expect(byPlace(parts)).toEqual(byPlace(plantedCells({}, WINDOW)));
});

test("a specimen that is not cells, and options that are none, are refused", async () => {
  const specimen = { kind: "planted", background: 1, images: [] } as const;
  expect(() => plantedCells({ specimen }, WINDOW)).toThrow(
    "plantedCells options.specimen: expected cells, found another specimen",
  );
  expect(() => plantedCells({ sed: 1 } as never, WINDOW)).toThrow(/sed/);
  await expect(openDemoMicroscope({ sed: 1 } as never)).rejects.toThrow(/sed/);
});
