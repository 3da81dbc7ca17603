import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import { addContent, createExperiment, createMapobjectType } from "../../src/experiment/index.ts";
import { formatMrc, writeTiff } from "../../src/io/index.ts";
import { vitrineHere } from "../support/command.ts";
import { writeLikelihoodFiles } from "../support/likelihoodWrongFiles.ts";
import { mapPaths, scratchFolder, smallConfiguration, writeConfig } from "../support/searchCase.ts";

const folder = scratchFolder();
const here = (file: string) => fileURLToPath(new URL(file, import.meta.url));
const page = here("wrongUse.txt");
const lines = readFileSync(page, "utf8").split("\n");
const calls = lines.filter((line) => line.startsWith("$ ")).map((line) => line.slice(2));

/** Sentences of libraries and of the machine, and names of our own functions and their arguments. */
const RAW =
  /\b(Zod|Syntax|Type|Range|Reference)Error\b|ERR_|\bE(?!XPERIMENT)[A-Z]{5,}\b|\bat \S+\.[jt]s:\d|UNIQUE|flow (map|seq)|mapping|scalar|Unexpected|undefined|\[object|\w\(\)|\b(createPool|zCutoff|maskRadiusPx)\b/;

const TEXTS = {
  "empty.yaml": "",
  "empty.mrc": "",
  "empty.h5": "",
  "empty.json": "",
  "empty.pdb": "",
  "text.csv": "hello world\nthis is text\n",
  "text.star": "hello world\n",
  "text.pdb": "hello world\n",
  "m.csv": "z,y,x,zvec,yvec,xvec\n1.5,1.5,1.5,0,0,0\n",
  "two.csv": "z,y,x,zvec,yvec,xvec\n1.5,1.5,1.5,0,0,0\n1.5,1.5,1.6,0,0,0\n",
  "tomograms.csv":
    "z,y,x,zvec,yvec,xvec,tomogram,object\n1.5,1.5,1.5,0,0,0,TS_1,a\n1.5,1.5,1.6,0,0,0,TS_10,a\n1.5,1,1,0,0,0,TS_10,b\n",
  "several.csv": "z,y,x,zvec,yvec,xvec,tomogram\n1.5,1.5,1.5,0,0,0,TS_01\n1.5,1.5,1.6,0,0,0,TS_02\n",
  "outside.csv": "z,y,x,zvec,yvec,xvec\n150,1.5,1.5,0,0,0\n",
  "nan.tbl": `${"1 ".repeat(23)}NaN 2 3\n`,
  "cut.aln": "# AreTomo Alignment / Priims bprmMn\n0 85 1 10 4\n",
  "none.xf": "",
  "few.aln": "# AreTomo Alignment / Priims bprmMn\n0 85 1 10 -4 1 1 1 0 -30\n1 85 1 10 -4 1 1 1 0 30\n",
  "series.json": '{"tilt_angles": [0, "thirty"]}',
  "tabs.yaml": "a:\n\tb: 1\n",
  "open.yaml": "a: [1, 2\n",
  "dup.yaml": "a: 1\na: 2\n",
  "nospace.yaml": "a:1\nb:2\n",
  "list.yaml": "- a\n- b\n",
  "badjson.json": "{a: 1",
  "badplan.json": '[{"axes": {"time": 0},}]',
  "text.py": "def count(image, metadata): return image, metadata\n",
  "cut.geojson": '{"type":"FeatureCollection","features":[{"type":"Fea',
  "crossed.geojson":
    '{"type":"Feature","properties":{},"geometry":{"type":"Polygon","coordinates":[[[0,0],[9,9],[9,0],[0,9],[0,0]]]}}',
  "columns.csv": "foo,bar\n1,2\n",
  "archive.zip": `PK\u0003\u0004${"\0".repeat(60)}`,
  "packed.tif.bz2": `BZh9${"\0".repeat(60)}`,
  "zero.tif": "",
  "semi.csv": "pos_x;pos_y\n1;2\n",
  "plan.json": '[{"axes": {"time": 0}}]',
  "times.json": '{"num_time_points": 1}',
  "here.pos": '{"VERSION":3,"POSITIONS":[{"DEVICES":[{"DEVICE":"XY","AXES":2,"X":1,"Y":2}]}]}',
  "far.pos":
    '{"POSITIONS":[{"DEVICES":[{"DEVICE":"XY","AXES":2,"X":1,"Y":2},{"DEVICE":"NikonPerfectFocus","AXES":1,"X":9}]}]}',
  "newest.pos": '{"map":{"StagePositions":{"array":[{"Label":{"scalar":"a"}}]}}}',
};

beforeAll(async () => {
  for (const [name, text] of Object.entries(TEXTS)) writeFileSync(join(folder, name), text);
  const small = smallConfiguration(folder, { image: [96, 80], template: 16 });
  const paths = { micrograph_path: "image.mrc", template_volume_path: "volume.mrc" };
  writeConfig(folder, { ...small, ...paths, match_template_result: mapPaths("out") });
  const flat = { data: new Float32Array(16 ** 3).fill(3), shape: [16, 16, 16] as const, voxelSizeA: 2 };
  writeFileSync(join(folder, "flat.mrc"), formatMrc(flat));
  writeFileSync(join(folder, "zeros.mrc"), formatMrc({ ...flat, data: new Float32Array(16 ** 3) }));
  const nan = Float32Array.from(flat.data, (_, i) => (i === 9 ? Number.NaN : i % 7));
  writeFileSync(join(folder, "nan.mrc"), formatMrc({ ...flat, data: nan }));
  copyFileSync(here("../golden/match/refine1_config.yaml"), join(folder, "refine.yaml"));
  copyFileSync(here("../golden/match/search1_particles.csv"), join(folder, "p.csv"));
  copyFileSync(here("../golden/cases/atoms/two_models.pdb"), join(folder, "atoms.pdb"));
  copyFileSync(here("../golden/cases/star/super_resolution.star"), join(folder, "s.star"));
  mkdirSync(join(folder, "folder"));
  await writeLikelihoodFiles(folder);
  await (await createExperiment(join(folder, "screen"))).close();
  const plate = await createExperiment(join(folder, "plate"));
  await addContent(plate, {
    plates: [{ name: "P1", nRows: 8, nColumns: 12, wells: [{ name: "A01" }] }],
    cycles: [{ cycleIndex: 0 }],
    channels: [{ name: "DAPI", bitDepth: 16 }],
    sites: [{ plate: "P1", well: "A01", siteIndex: 0, height: 64, width: 64, grid: [0, 0] }],
    images: [
      {
        plate: "P1",
        well: "A01",
        siteIndex: 0,
        cycleIndex: 0,
        channel: "DAPI",
        tpoint: 0,
        zplane: 0,
        path: "site.tif",
      },
    ],
  });
  const colours = { data: new Uint8Array(3 * 16 * 16), height: 16, width: 16, channels: 3 } as const;
  await writeTiff(join(folder, "movie.tif"), { pages: [colours, colours] });
  const page = { data: new Uint16Array(64 * 64), height: 64, width: 64, channels: 1 } as const;
  await writeTiff(join(folder, "plate/site.tif"), { pages: [page] });
  for (const type of ["Cells", "Nuclei"]) await createMapobjectType(plate, type);
  await plate.close();
});

/** The exit code and the line that says what is wrong. */
async function answerOf(call: string): Promise<string> {
  const { code, stdout, stderr } = await vitrineHere(call.split(" "), { cwd: folder });
  const said = stderr.trimEnd().split("\n");
  // help follows a wrong use; warnings go before a failure
  const line = code === 2 ? said[0] : (said.at(-1) ?? "");
  expect.soft([call, stdout]).toEqual([call, ""]);
  const told = line.replace(/^vitrine: /, "").replaceAll(`${folder}/`, "");
  // Where projects of RELION were looked for lies above the folder of the test.
  return `${code} ${told.replace(/found none at .*?(?=\. Run it)/, "found none at …")}`;
}

test("three hundred wrong calls are answered in a user's words", async () => {
  const answers: string[] = [];
  for (const call of calls) {
    const answer = await answerOf(call);
    expect
      .soft([call, answer], "where, what was expected, what found")
      .toEqual([call, expect.stringMatching(/^(1 \S.*: expected .+, found .+\.$|2 error: )/)]);
    expect.soft([call, RAW.exec(answer)?.[0]]).toEqual([call, undefined]);
    answers.push(`$ ${call}\n${answer}`);
  }
  const head = lines.slice(0, lines.indexOf("") + 1);
  await expect(`${[...head, ...answers].join("\n")}\n`).toMatchFileSnapshot(page);
});
