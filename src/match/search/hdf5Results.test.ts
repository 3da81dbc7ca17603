import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { python, requirement } from "../../../test/support/require.ts";
import { goldenConfig, MAPS, scratchFolder, writeConfig } from "../../../test/support/searchCase.ts";
import { readHdf5, readMrcImage } from "../../io/index.ts";
import { redrawMatch } from "../coarse/redrawMatch.ts";
import { convertParticles } from "../particles/convertParticles.ts";
import { readParticleStack } from "../particles/particleStack.ts";
import { runRefine } from "../refine/refineProgram.ts";
import { runMatch } from "./program.ts";

const folder = scratchFolder();
const inFolder = (name: string) => join(folder, name);
const mrc = goldenConfig("search2", folder);
const configuration = parse(readFileSync(mrc, "utf8"));
const hdf5 = writeConfig(
  folder,
  {
    ...configuration,
    match_template_result: { hdf5_path: inFolder("result.h5"), leopard_em_version: "1.3" },
  },
  "hdf5.yaml",
);
const options = { workers: 1, falsePositives: 5, zCutoff: 4.5 };
const { available } = requirement("readers");

test("HDF5 results hold the maps of MRC results, and programs go on from them", async () => {
  await runMatch(mrc, { ...options, particlesPath: inFolder("mrc.csv") });
  const report = await runMatch(hdf5, { ...options, particlesPath: inFolder("particles.h5") });
  expect(report.files.map((file) => file.replace(`${folder}/`, ""))).toEqual(["result.h5", "particles.h5"]);
  for (const map of MAPS) {
    const { data } = await readMrcImage(inFolder(`${map}.mrc`));
    expect(await readHdf5(inFolder("result.h5"), (file) => file.read(`/tensors/${map}`).data)).toEqual(data);
  }
  const [ours, csv] = [
    await readParticleStack(inFolder("particles.h5")),
    await readParticleStack(inFolder("mrc.csv")),
  ];
  const path = inFolder("result.h5");
  expect(ours.particles.map(({ at: _, ...particle }) => particle)).toEqual(
    csv.particles.map(({ at: _, ...particle }) => ({
      ...particle,
      correlationAveragePath: path,
      correlationVariancePath: path,
    })),
  );
  const drawn = await redrawMatch(hdf5, { ...options, picturePath: inFolder("again.png") });
  expect(drawn.particles).toEqual(report.particles);
});

test("a refinement reads particle stack and statistics from HDF5", async () => {
  const template =
    (await readMrcImage(configuration.micrograph_path)).shape[0] -
    (await readMrcImage(inFolder("mip.mrc"))).shape[0] +
    1;
  const refine = (name: string, stack: Record<string, string>) =>
    writeConfig(
      folder,
      {
        template_volume_path: configuration.template_volume_path,
        particle_stack: {
          ...stack,
          extracted_box_size: [template + 4, template + 4],
          original_template_size: [template, template],
        },
        defocus_refinement_config: { enabled: false },
        orientation_refinement_config: { enabled: false },
        preprocessing_filters: configuration.preprocessing_filters,
        apply_global_filtering: true,
      },
      name,
    );
  const refined = async (config: string, particlesPath: string) =>
    (await runRefine(config, { workers: 1, particlesPath })).particles;
  const fromHdf5 = await refined(
    refine("r1.yaml", { hdf5_path: inFolder("particles.h5") }),
    inFolder("r1.h5"),
  );
  const fromCsv = await refined(refine("r2.yaml", { df_path: inFolder("mrc.csv") }), inFolder("r2.csv"));
  expect(fromHdf5).toEqual(fromCsv);
  expect((await readParticleStack(inFolder("r1.h5"))).hasRefinedPositions).toBe(true);
});

test.skipIf(!available)("h5py finds Leopard-EM's layout in a particle stack (needs readers)", async () => {
  await convertParticles(inFolder("mrc.csv"), inFolder("converted.h5"));
  const code = `
import h5py, json, sys
with h5py.File(sys.argv[1]) as f:
    p = f["particles"]
    print(json.dumps({"attributes": {k: (v if isinstance(v, str) else v.tolist()) for k, v in f.attrs.items()},
        "first": list(p.attrs["columns"][:3]), "id": p["particle_id"][0].decode(), "kind": [str(p[c].dtype) for c in ("phi", "micrograph_path", "even_zernikes")],
        "n": len(p["phi"])}))`;
  const read = JSON.parse(execFileSync(python, ["-c", code, inFolder("converted.h5")], { encoding: "utf8" }));
  const { particles } = await readParticleStack(inFolder("mrc.csv"));
  expect(read).toMatchObject({
    first: ["particle_id", "particle_index", "mip"],
    id: "micrograph_00000",
    kind: ["float64", "object", "object"],
    n: particles.length,
    attributes: { image_stack_stored: 0, leopard_em_version: "1.3" },
  });
  expect(read.attributes.original_template_size).toEqual(read.attributes.extracted_box_size);
});
