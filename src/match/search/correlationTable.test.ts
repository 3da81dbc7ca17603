import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { python, requirement } from "../../../test/support/require.ts";
import { scratchFolder, smallConfiguration, writeConfig } from "../../../test/support/searchCase.ts";
import { readMrcImage } from "../../io/index.ts";
import { collectMatch } from "./collect.ts";
import { readCorrelationTable } from "./correlationTable.ts";
import { runMatch } from "./program.ts";

const folder = scratchFolder();
const inFolder = (name: string) => join(folder, name);
const configuration = smallConfiguration(folder, { image: [96, 80], template: 16 });
const config = writeConfig(folder, {
  ...configuration,
  match_template_result: {
    ...configuration.match_template_result,
    correlation_table_path: inFolder("table.h5"),
  },
});
const options = { particlesPath: inFolder("particles.csv"), overwrite: true, correlationThreshold: 3 };
const bytesOf = (name: string) => readFileSync(inFolder(name));
const map = async (name: string) => (await readMrcImage(inFolder(`${name}.mrc`))).data;

test("the table holds every correlation above the threshold, with what was correlated", async () => {
  await runMatch(config, { ...options, workers: 1 });
  const table = await readCorrelationTable(inFolder("table.h5"));
  const [mip, phi, psi, defocus] = [
    await map("mip"),
    await map("orientation_phi"),
    await map("orientation_psi"),
    await map("relative_defocus"),
  ];
  const [mean, deviation] = [await map("correlation_average"), await map("correlation_variance")];
  expect(table.threshold).toBe(3);
  expect(table.x.length).toBeGreaterThan(500);
  const best = new Map<number, number>();
  table.correlation.forEach((value, i) => {
    const pixel = table.y[i] * 65 + table.x[i];
    expect([table.mean[i], table.deviation[i]]).toEqual([mean[pixel], deviation[pixel]]);
    expect(value).toBeGreaterThan(3);
    if (value > (table.correlation[best.get(pixel) ?? -1] ?? 0)) best.set(pixel, i);
  });
  const orientations = table.eulerAnglesDeg.length / 3;
  expect(best.size).toBe(mip.filter((value) => value > 3).length);
  for (const [pixel, i] of best) {
    const orientation = table.searchIndex[i] % orientations;
    const angles = [table.eulerAnglesDeg[3 * orientation], table.eulerAnglesDeg[3 * orientation + 2]];
    const offset = table.defocusOffsetsA[Math.floor(table.searchIndex[i] / orientations)];
    expect([table.correlation[i], ...angles, offset]).toEqual([
      mip[pixel],
      phi[pixel],
      psi[pixel],
      defocus[pixel],
    ]);
  }
});

test("it is the same for any number of workers, in parts, and cut at the limit", async () => {
  const one = bytesOf("table.h5");
  await runMatch(config, { ...options, workers: 2 });
  expect(bytesOf("table.h5").equals(one)).toBe(true);
  for (const index of [1, 2, 3])
    await runMatch(config, { ...options, workers: 1, part: { index, count: 3 } });
  await collectMatch(config, options);
  expect(bytesOf("table.h5").equals(one)).toBe(true);

  const warnings: string[] = [];
  const onLog = (text: string) => warnings.push(text.replace(`${folder}/`, ""));
  const whole = await readCorrelationTable(inFolder("table.h5"));
  await runMatch(config, { ...options, workers: 2, correlationLimit: 100, onLog });
  const cut = await readCorrelationTable(inFolder("table.h5"));
  const values = [...whole.correlation].sort((a, b) => b - a);
  expect(cut.threshold).toBe(values[100]);
  expect([...cut.correlation].sort((a, b) => b - a)).toEqual(values.filter((value) => value > values[100]));
  const told = warnings.filter((text) => text.startsWith("table.h5: more than 100 correlations above 3"));
  expect(told).toHaveLength(1);
});

const { available } = requirement("readers");
test.skipIf(!available)("h5py finds Leopard-EM's layout (needs readers)", () => {
  const code = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as f:
    print(json.dumps({"metadata": {k: v.item() for k, v in f["metadata"].attrs.items()},
        "search_space": {k: [str(v.dtype), v.ndim] for k, v in f["search_space"].items()},
        "detections": {k: str(v.dtype) for k, v in f["detections"].items()}}))`;
  const read = JSON.parse(execFileSync(python, ["-c", code, inFolder("table.h5")], { encoding: "utf8" }));
  expect(read).toMatchObject({
    metadata: { num_observations: 100, format_version: 2 },
    search_space: {
      euler_angles: ["float32", 2],
      defocus_offsets: ["float32", 1],
      phi_theta_angles: ["float32", 2],
      psi_angles: ["float32", 1],
    },
    detections: {
      ...{ search_index: "int32", x: "int32", y: "int32" },
      ...{ correlation_value: "float32", correlation_mean: "float32", correlation_variance: "float32" },
    },
  });
});
