import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { formatMrc, formatTorch, type TorchContent, writeNpyValue } from "../../src/io/index.ts";
import { fromIndividualValues, writeImageDescriptor } from "../../src/likelihood/index.ts";
import { likelihoodGolden } from "./likelihoodCase.ts";

const STACK = "fft/particles_fourier_stack_000000";
const [SHELLS, INPLANES] = [40, 96];

/** A pickle that calls os.system when Python loads it. */
const EVIL = "cos\nsystem\n(S'touch evil'\ntR.";

const complex = (count: number, value: (i: number) => number): TorchContent => ({
  dtype: "c8",
  shape: [count, SHELLS, INPLANES],
  data: Float32Array.from({ length: 2 * count * SHELLS * INPLANES }, (_, i) => value(i)),
});

const table = (names: string, ...rows: readonly string[]) =>
  `data_\n\nloop_\n${names
    .split(" ")
    .map((name) => `_rln${name}\n`)
    .join("")}${rows.join("\n")}\n`;

/** Writes what calls of `parameters`, `templates`, `particles`, `likelihood`, `stitch` and `ensemble` may get wrong, into `folder/lk`. */
export async function writeLikelihoodFiles(folder: string): Promise<void> {
  const at = (path: string) => join(folder, "lk", path);
  mkdirSync(at("."), { recursive: true });
  const pt = (path: string, content: TorchContent) => writeFileSync(at(path), formatTorch(content));
  cpSync(likelihoodGolden("run/parameters.npz"), at("p.npz"));
  await writeImageDescriptor(at("other.npz"), fromIndividualValues(48, 3, { viewingDistance: 0.9 }));
  for (const name of ["vol.mrc", "model.pdb", "particles.star", "particles.mrcs", "particles.cs"])
    cpSync(likelihoodGolden(`input/${name}`), at(name));
  const evil = zipSync({ "evil/data.pkl": strToU8(EVIL), "evil/version": strToU8("3\n") });
  const templates: [string, () => void][] = [
    ["t", () => cpSync(likelihoodGolden("run/templates/templates_fourier_vol.pt"), at("t/a.pt"))],
    ["tnone", () => {}],
    [
      "tnan",
      () =>
        pt(
          "tnan/a.pt",
          complex(2, (i) => (i === 5 ? Number.NaN : i % 7)),
        ),
    ],
    ["tevil", () => writeFileSync(at("tevil/a.pt"), evil)],
    ["treal", () => pt("treal/a.pt", { shape: [2, 3], data: new Float32Array(6) })],
    [
      "tzero",
      () =>
        pt(
          "tzero/a.pt",
          complex(2, (i) => (i < 2 * SHELLS * INPLANES ? 0 : i % 7)),
        ),
    ],
  ];
  for (const [name, write] of templates) {
    mkdirSync(at(name));
    write();
    const list = { dtype: "U", shape: [1], data: ["a.pt"] } as const;
    await writeNpyValue(at(`${name}/template_file_list.npy`), list);
  }
  mkdirSync(at("tnumbers"));
  const numbers = { dtype: "f8", shape: [2], data: Float64Array.of(1, 2) } as const;
  await writeNpyValue(at("tnumbers/template_file_list.npy"), numbers);
  const stacks: [string, (path: string) => void][] = [
    ["x", () => {}],
    ["xcut", (path) => writeFileSync(`${path}.pt`, readFileSync(`${path}.pt`).subarray(0, 5000))],
    ["xmissing", (path) => rmSync(`${path}.npz`)],
    ["xevil", (path) => writeFileSync(`${path}.pt`, evil)],
    ["xfew", (path) => writeFileSync(`${path}.pt`, formatTorch(complex(3, (i) => i % 5)))],
    [
      "xnan",
      (path) => writeFileSync(`${path}.pt`, formatTorch(complex(24, (i) => (i === 99 ? Number.NaN : i % 5)))),
    ],
    ["xtext", (path) => writeFileSync(`${path}.npz`, "hello world\n")],
  ];
  for (const [name, change] of stacks) {
    cpSync(likelihoodGolden("run/particles"), at(name), { recursive: true });
    change(at(`${name}/${STACK}`));
  }
  cpSync(likelihoodGolden("run/likelihood"), at("results"), { recursive: true });
  cpSync(likelihoodGolden("run/likelihood"), at("uneven"), { recursive: true });
  const uneven = "uneven/template1/cross_correlation/cross_correlation_stack_000000.pt";
  pt(uneven, { shape: [2], data: Float32Array.of(0.1, 0.2) });
  cpSync(likelihoodGolden("run/likelihood"), at("lacking"), { recursive: true });
  renameSync(at("lacking/template1/log_likelihood"), at("lacking/template1/elsewhere"));
  pt("matrix.pt", { shape: [2, 3], data: Float64Array.of(-1, -2, -3, -2, -2, -2) });
  pt("nan.pt", { shape: [2, 3], data: Float64Array.of(-1, Number.NaN, -3, -2, -2, -2) });
  pt("constant.pt", { shape: [2, 3], data: Float64Array.of(-1, -1, -1, -2, -2, -2) });
  pt("row.pt", { shape: [3], data: Float64Array.of(-1, -2, -3) });
  pt("whole.pt", { shape: [1, 2], data: BigInt64Array.of(1n, 2n) });
  const map = (
    shape: readonly [number, number, number],
    voxelSizeA: number,
    value: (i: number) => number,
  ) => {
    const data = Float32Array.from({ length: shape[0] * shape[1] * shape[2] }, (_, i) => value(i));
    return formatMrc({ data, shape, voxelSizeA });
  };
  writeFileSync(
    at("small.mrc"),
    map([16, 16, 16], 3, (i) => i % 5),
  );
  writeFileSync(
    at("slab.mrc"),
    map([16, 32, 32], 3, (i) => i % 5),
  );
  writeFileSync(
    at("nan.mrc"),
    map([32, 32, 32], 3, (i) => (i === 7 ? Number.NaN : i % 5)),
  );
  writeFileSync(
    at("even.mrc"),
    map([32, 32, 32], 3, () => 1),
  );
  writeFileSync(
    at("hydrogen.pdb"),
    "ATOM      1  H   GLY A   1       0.000   0.000   0.000  1.00  0.00           H\n",
  );
  const lens = "DefocusU DefocusV DefocusAngle SphericalAberration Voltage AmplitudeContrast";
  const row = "9000 9000 0 2.7 300 0.1";
  writeFileSync(
    at("mixed.star"),
    table(
      `${lens} ImagePixelSize ImageName`,
      `${row} 2.0 000001@particles.mrcs`,
      `${row} 2.5 000002@particles.mrcs`,
    ),
  );
  writeFileSync(
    at("beyond.star"),
    table(`${lens} ImagePixelSize ImageName`, `${row} 2.0 000099@particles.mrcs`),
  );
  writeFileSync(at("away.star"), table(`${lens} ImageName`, `${row} 000001@away.mrcs`));
  writeFileSync(at("short.star"), table(lens, row, row));
  writeFileSync(at("nolens.star"), table("ImagePixelSize ImageName", "2.0 000001@particles.mrcs"));
}
