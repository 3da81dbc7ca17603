import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { writeGoldenRefinement } from "../../../test/support/refineCase.ts";
import { largestDifference, scratchFolder } from "../../../test/support/searchCase.ts";
import {
  type CsvTable,
  type Hdf5Content,
  parseCsv,
  readHdf5,
  readMrcImage,
  writeHdf5,
} from "../../io/index.ts";
import { extractBoxes } from "../particles/boxes.ts";
import { extractParticles } from "./extractProgram.ts";
import { runRefine } from "./refineProgram.ts";

const scratch = scratchFolder();
const config = () => join(scratch, "refine1", "config.yaml");
/** Of the box of 60 pixels less the template of 48. */
const SIDE = 13;
let table: CsvTable;
let plain: CsvTable;

async function refine(configPath: string) {
  const particlesPath = join(scratch, "refined.csv");
  const warnings: string[] = [];
  const onLog = (text: string, kind: string) => void (kind === "warning" && warnings.push(text));
  await runRefine(configPath, { particlesPath, overwrite: true, workers: 2, onLog });
  return { refined: parseCsv(readFileSync(particlesPath, "utf8"), particlesPath), warnings };
}

/** The windows around all particles in one map. */
async function windowsOf(map: string): Promise<Float32Array> {
  const image = await readMrcImage(table.rows[0][map]);
  const corners = table.rows.map(({ pos_y, pos_x }) => ({ y: Number(pos_y) - 6, x: Number(pos_x) - 6 }));
  // outside lies what refinements take there
  const value = map.includes("variance") ? 1e10 : 0;
  const boxes = extractBoxes(image, corners, { boxSize: [SIDE, SIDE], value });
  return Float32Array.from(boxes.flatMap((box) => [...box]));
}

/** The stack in HDF5 with its statistics, its maps named where nothing is. */
async function writeStack(
  name: string,
  change: (datasets: Record<string, unknown>) => object = (same) => same,
) {
  const columns = table.columns.filter((column) => column !== "");
  const cells = (column: string) =>
    table.rows.map((row) =>
      /correlation_(average|variance)_path/.test(column) ? "/nowhere.mrc" : row[column],
    );
  const datasets = Object.fromEntries(columns.map((column) => [column, { data: cells(column) }]));
  const shape = [table.rows.length, SIDE, SIDE];
  const local = {
    correlation_average_path: { data: await windowsOf("correlation_average_path"), shape },
    correlation_variance_path: { data: await windowsOf("correlation_variance_path"), shape },
  };
  const path = join(scratch, `${name}.h5`);
  await writeHdf5(path, {
    groups: {
      particles: { attributes: { columns }, datasets },
      local_stats: { datasets: change(local) as NonNullable<Hdf5Content["datasets"]> },
    },
  });
  const text = readFileSync(config(), "utf8").replace(/df_path: .*/, `hdf5_path: ${path}`);
  writeFileSync(join(scratch, `${name}.yaml`), text);
  return join(scratch, `${name}.yaml`);
}

beforeAll(async () => {
  const folder = writeGoldenRefinement(scratch, "refine1");
  const path = join(folder, "particles.csv");
  table = parseCsv(readFileSync(path, "utf8"), path);
  plain = (await refine(config())).refined;
});

const scores = ({ rows }: CsvTable) => rows.map((row) => Number(row.refined_scaled_mip));

test("statistics that a stack holds are taken in the place of maps, which need not be there", async () => {
  const { refined, warnings } = await refine(await writeStack("stored"));
  expect(
    scores(refined)
      .map((z, i) => Math.abs(z - scores(plain)[i]))
      .every((gap) => gap < 1e-5),
  ).toBe(true);
  expect(warnings.filter((line) => line.includes("local_stats"))).toEqual([]);
});

test("those of the first version have no _path, and another size of box is an error", async () => {
  const first = await writeStack("first", (local) => ({
    correlation_average: local.correlation_average_path,
    correlation_variance: local.correlation_variance_path,
  }));
  expect(scores((await refine(first)).refined)).toEqual(
    scores((await refine(await writeStack("again"))).refined),
  );
  const small = await writeStack("small", (local) =>
    Object.fromEntries(
      Object.entries(local as Record<string, { data: Float32Array }>).map(([key, { data }]) => [
        key,
        { data: data.slice(0, table.rows.length * 9), shape: [table.rows.length, 3, 3] },
      ]),
    ),
  );
  await expect(refine(small)).rejects.toThrow(
    "particle_stack /local_stats: expected windows of 13 x 13, of the box less the template, found 3 x 3.",
  );
});

test("a stack that extract wrote is refined without micrograph, maps and sizes", async () => {
  const path = join(scratch, "boxes.h5");
  const particlesPath = join(scratch, "refine1", "particles.csv");
  await extractParticles(particlesPath, { boxSize: 60, stackPath: path, padding: "reflect" });
  const { local, attributes } = await readHdf5(path, (file) => ({
    local: file.read("/local_stats/correlation_variance"),
    attributes: file.attributes("/"),
  }));
  expect([local.shape, attributes.local_stats_stored]).toEqual([
    [table.rows.length, SIDE, SIDE],
    expect.anything(),
  ]);
  expect(
    largestDifference(Float32Array.from(local.data, Number), await windowsOf("correlation_variance_path")),
  ).toBe(0);
  const rewrite = (name: string, more: string, from: string) => {
    const text = readFileSync(config(), "utf8").replace(/df_path: .*/, `hdf5_path: ${from}${more}`);
    const sizeless = text.replace(
      /\n {2}(extracted_box_size|original_template_size):[^\n]*(\n {2}-[^\n]*)*/g,
      "",
    );
    writeFileSync(
      join(scratch, name),
      sizeless.replace(/apply_global_filtering: true/, "apply_global_filtering: false"),
    );
    return join(scratch, name);
  };
  const cut = await refine(rewrite("cut.yaml", "", path));
  const stored = await refine(rewrite("stored.yaml", "\n  use_stored_image_stack: true", path));
  expect(scores(stored.refined).every((z, i) => Math.abs(z - scores(cut.refined)[i]) < 2e-3)).toBe(true);
  expect(stored.warnings.filter((line) => line.includes("image_stack"))).toEqual([]);
  expect(cut.warnings).toContainEqual(
    expect.stringMatching(/image_stack is not used.*use_stored_image_stack: true/),
  );
});
