/** Requests of results with each parameter wrong in turn: none makes the server fail, none reads out of what is served. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { likelihoodGolden } from "../../../test/support/likelihoodCase.ts";
import { subtomogramGolden, subtomogramVolume } from "../../../test/support/subtomogramCase.ts";
import { writeMrc } from "../../io/index.ts";
import { type Server, startServer } from "../index.ts";

const GOLDEN = fileURLToPath(new URL("../../../test/golden/match/", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "vitrine-hostile-"));
const failures: unknown[] = [];
let server: Server;

beforeAll(async () => {
  const lab = join(scratch, "lab");
  mkdirSync(lab);
  cpSync(GOLDEN, join(lab, "match"), { recursive: true });
  mkdirSync(join(lab, "molecules"));
  await writeMrc(join(lab, "molecules", "tomogram.mrc"), { ...subtomogramVolume("tomo.npy"), voxelSizeA: 5 });
  cpSync(subtomogramGolden("template_A.mrc"), join(lab, "molecules", "T.mrc"));
  cpSync(subtomogramGolden("molecules_start.csv"), join(lab, "molecules", "start.csv"));
  cpSync(likelihoodGolden("run"), join(lab, "run"), { recursive: true });
  writeFileSync(join(scratch, "secret.csv"), "z,y,x,zvec,yvec,xvec,secret\n1,2,3,0,0,0,this is not served\n");
  symlinkSync(join(scratch, "secret.csv"), join(lab, "molecules", "link.csv"));
  server = await startServer([lab], { onError: (error) => failures.push(error) });
});
afterAll(async () => {
  await server.close();
  rmSync(scratch, { recursive: true, force: true });
});

const particle = { y: "228", x: "245", phi: "150", theta: "150", psi: "120", defocus: "500" };
const molecule = { tomogram: "lab/molecules/tomogram.mrc", table: "lab/molecules/start.csv", molecule: "2" };

/** A right request of each route. */
const RIGHT: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  match: { at: "lab/match", search: "1" },
  "match/particles": {
    at: "lab/match",
    search: "0",
    table: "lab/match/search1_particles.csv",
    format: "json",
  },
  "match/table": { at: "lab/match", table: "lab/match/search1_particles.csv", cutoff: "6.5", as: "csv" },
  "match/tile": { at: "lab/match", map: "mip", level: "0", row: "0", column: "0", size: "64" },
  "match/particle": { at: "lab/match", ...particle },
  subtomogram: { at: "lab/molecules" },
  "subtomogram/molecules": {
    at: "lab/molecules/start.csv",
    tomogram: "lab/molecules/tomogram.mrc",
    scale: "0.5",
    format: "binary",
  },
  "subtomogram/slice": {
    at: "lab/molecules/tomogram.mrc",
    axis: "y",
    index: "3",
    rows: "0-20",
    columns: "5-40",
    most: "64",
  },
  "subtomogram/box": { ...molecule, size: "16", scale: "0.5" },
  "subtomogram/landscape": { ...molecule, template: "lab/molecules/T.mrc", maxShift: "1", scale: "0.5" },
  likelihood: { at: "lab/run/likelihood" },
  "likelihood/images": { at: "lab/run/likelihood", format: "json" },
  "likelihood/pairs": { at: "lab/run/likelihood", pairs: "0:0,1:1" },
  "likelihood/views": { at: "lab/run/likelihood", structure: "0", image: "1" },
};

const WRONG = [
  ...[
    "",
    "-1",
    "0",
    "1e9",
    "99999999999999",
    "NaN",
    "Infinity",
    "1e-300",
    "x".repeat(4000),
    "\0",
    "<script>",
  ],
  ...["9-1", "0-0", "0-999999999", "7:99999", "999999999:0", "../../etc/passwd", "lab/../../secret.csv"],
  ...[
    "lab",
    "lab/none",
    "lab/match",
    "lab/match/template.mrc",
    "lab/molecules/link.csv",
    "lab/run/parameters.npz",
  ],
];

test.each(Object.entries(RIGHT))("%s", async (route, query) => {
  const ask = async (values: Readonly<Record<string, string>>) => {
    const answer = await fetch(new URL(`api/${route}?${new URLSearchParams(values)}`, server.address));
    return { status: answer.status, text: Buffer.from(await answer.arrayBuffer()).toString("latin1") };
  };
  expect((await ask(query)).status).toBe(200);
  for (const name of Object.keys(query))
    for (const wrong of WRONG) {
      const { status, text } = await ask({ ...query, [name]: wrong });
      expect.soft(status, `${name}=${wrong.slice(0, 40)}: ${text.slice(0, 200)}`).toBeLessThan(500);
      expect(text).not.toContain("this is not served");
      if (status !== 200) expect(text).not.toContain(scratch);
    }
  expect((await ask({ ...query, extra: "1" })).status).toBe(400);
  expect(failures).toEqual([]);
});
