/** Files that the rows of warnings are about, and the calls that meet them. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { formatMrc, formatMrcHeader, parseMrcHeader } from "../../src/io/index.ts";
import { type Configuration, smallConfiguration, writeConfig } from "./searchCase.ts";
import { golden, written } from "./warningRow.ts";

export const cases = (file: string) => golden(`cases/${file}`);

/** An image of 8 x 6, its header changed, and bytes behind it. */
export function image(
  folder: string,
  { change = {}, behind = 0, name = "a.mrc", shape = [6, 8] }: ImageChange = {},
): string {
  const data = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i % 7);
  const bytes = formatMrc({ data, shape: shape as [number, number], voxelSizeA: 2 });
  bytes.set(formatMrcHeader({ ...parseMrcHeader(bytes, name), ...change }));
  return written(folder, name, Buffer.concat([bytes, Buffer.alloc(behind)]));
}

interface ImageChange {
  readonly change?: Partial<ReturnType<typeof parseMrcHeader>>;
  readonly behind?: number;
  readonly name?: string;
  readonly shape?: readonly number[];
}

/** A TIFF of one byte of grey with other tags. */
export function tiff(folder: string, tags: readonly (readonly [tag: number, value: number])[]): string {
  const all = [
    [256, 2],
    [257, 1],
    [258, 8],
    [259, 1],
    [262, 1],
    [273, 8],
    [277, 1],
    [278, 1],
    [279, 2],
  ] as [number, number][];
  const merged = new Map([...all, ...tags] as [number, number][]);
  const entries = [...merged].sort(([a], [b]) => a - b);
  const bytes = Buffer.alloc(10 + 2 + entries.length * 12 + 4);
  bytes.write("II*\0", 0, "latin1");
  bytes.writeUInt32LE(10, 4);
  bytes.set([3, 200], 8);
  bytes.writeUInt16LE(entries.length, 10);
  entries.forEach(([tag, value], i) => {
    const at = 12 + 12 * i;
    bytes.writeUInt16LE(tag, at);
    bytes.writeUInt16LE(3, at + 2);
    bytes.writeUInt32LE(1, at + 4);
    bytes.writeUInt16LE(value, at + 8);
  });
  return written(folder, "a.tif", bytes);
}

export const map = (atoms: string, folder: string, ...rest: string[]) => [
  ...["simulate-map", atoms, "--pixel-size", "2", "--box", "8", "--out", join(folder, "map.mrc")],
  ...["--workers", "1", ...rest],
];
export const biomt = (copy: number) =>
  `REMARK 350   BIOMT1 ${String(copy).padStart(3)}  1.000000  0.000000  0.000000        0.00000`;

export const STAR = `data_optics
loop_
_rlnOpticsGroupName
_rlnOpticsGroup
_rlnVoltage
_rlnSphericalAberration
_rlnAmplitudeContrast
_rlnImagePixelSize
og 1 KV 2.7 0.1 2

data_particles
loop_
_rlnCoordinateX
_rlnCoordinateY
_rlnMicrographName
_rlnOpticsGroup
_rlnDefocusU
_rlnDefocusV
_rlnDefocusAngle
10 20 a.mrc 1 DF DF 0
11 21 a.mrc 1 DF DF 0
`;
export const star = (folder: string, { kv = "300", df = "12000", more = "" } = {}) =>
  written(folder, "p.star", STAR.replace("KV", kv).replaceAll("DF", df) + more);

/** A particle as RELION writes a single row: without a loop. */
export const places = (more: readonly string[]) =>
  `data_particles\n\n${["CoordinateX 100", "CoordinateY 200", "MicrographName a.mrc", ...more].map((pair) => `_rln${pair}\n`).join("")}`;

/** A search of a noise micrograph, 483 correlations. */
export function search(folder: string, change: (configuration: Configuration) => void = () => {}): string {
  const configuration = smallConfiguration(folder, { image: [40, 36], template: 8 });
  configuration.orientation_search_config.psi_step = 150;
  configuration.orientation_search_config.theta_step = 100;
  change(configuration);
  return writeConfig(folder, configuration);
}
export const match = (config: string, folder: string, ...rest: string[]) => [
  ...["match", config, "--particles", join(folder, "p.csv"), "--workers", "1", ...rest],
];
export const optics = (folder: string, change: object) =>
  search(folder, (configuration) => Object.assign(configuration.optics_group, change));

export const ctf = (df: string, columns = "") => `data_micrographs
loop_
_rlnMicrographName
_rlnDefocusU
_rlnDefocusV
${columns === "" ? "" : `${columns.split(" ")[0]}\n`}image.mrc ${df} ${df} ${columns.split(" ")[1] ?? ""}
`;

export const plan = (folder: string, value: unknown) => written(folder, "plan.json", JSON.stringify(value));
export const zarr = (folder: string, attributes: object) => {
  // an image of 2 x 3 pixels without chunks: all 0
  const array = {
    ...{
      zarr_format: 3,
      node_type: "array",
      shape: [2, 3],
      data_type: "uint8",
      fill_value: 0,
      attributes: {},
    },
    chunk_grid: { name: "regular", configuration: { chunk_shape: [2, 3] } },
    chunk_key_encoding: { name: "default", configuration: { separator: "/" } },
    codecs: [{ name: "bytes" }],
  };
  const axes = ["y", "x"].map((name) => ({ name, type: "space", unit: "micrometer" }));
  const scale = { type: "scale", scale: [1, 1] };
  const multiscale = { axes, datasets: [{ path: "0", coordinateTransformations: [scale] }] };
  const group = {
    ...{ zarr_format: 3, node_type: "group" },
    attributes: { ome: { version: "0.5", multiscales: [{ ...multiscale, ...attributes }], ...attributes } },
  };
  const at = join(folder, "a.zarr");
  for (const [path, value] of [
    ["", group],
    ["/0", array],
  ] as const) {
    mkdirSync(`${at}${path}`, { recursive: true });
    writeFileSync(`${at}${path}/zarr.json`, JSON.stringify(value));
  }
  return at;
};
/** A plate of one well with two fields, which say nothing of where they lie. */
export const zarrPlate = (folder: string) => {
  const at = join(folder, "plate.zarr");
  const well = { images: [{ path: "0" }, { path: "1" }] };
  const plate = {
    ...{ rows: [{ name: "A" }], columns: [{ name: "1" }] },
    wells: [{ path: "A/1", rowIndex: 0, columnIndex: 0 }],
  };
  mkdirSync(join(at, "A/1"), { recursive: true });
  for (const field of ["0", "1"])
    cpSync(zarr(folder, { name: "x" }), join(at, "A/1", field), { recursive: true });
  for (const [path, ome] of [
    ["", { version: "0.5", plate }],
    ["A", undefined],
    ["A/1", { version: "0.5", well }],
  ] as const) {
    const group = { zarr_format: 3, node_type: "group", attributes: ome === undefined ? {} : { ome } };
    writeFileSync(join(at, path, "zarr.json"), JSON.stringify(group));
  }
  return at;
};
export const to = (folder: string, name: string) => join(folder, name);
export const convert = (from: string, folder: string, name: string, ...rest: string[]) => [
  "convert",
  from,
  to(folder, name),
  ...rest,
];
