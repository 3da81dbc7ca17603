import type { Command } from "commander";
import {
  type AtomsDescription,
  type DatasetDescription,
  describeFile,
  type FileDescription,
  type Hdf5Description,
  type LayoutDescription,
  type StarDescription,
  type TiffDescription,
} from "../io/index.ts";
import { imagesLines } from "./infoImages.ts";
import { example } from "./options.ts";
import { report } from "./report.ts";

const IMAGE_FORMATS: Readonly<Record<string, string>> = {
  "ome-zarr": "OME-Zarr",
  "ome-tiff": "OME-TIFF",
  imagej: "ImageJ TIFF",
};

/** Values of an axis that are printed in full. */
const MOST_VALUES = 12;

/** Adds `vitrine info FILE...`. */
export function addInfo(cli: Command): void {
  cli
    .command("info")
    .addHelpText("after", example("info micrograph.mrc particles.star data/run_1"))
    .description("say what files are: datasets, arrays, tables, atoms")
    .argument(
      "<file...>",
      "MRC, TIFF, HDF5, .npy, .npz, STAR, PDB, mmCIF, CSV and text files, NDTiff folders, OME-Zarr stores",
    )
    .option("--json", "print one line of JSON a file")
    .action(async (paths: string[], { json = false }: { readonly json?: boolean }) => {
      for (const path of paths)
        await report({ json, text }, async ({ onLog }) => {
          const described = await describeFile(path);
          const said = "warnings" in described ? (described.warnings ?? []) : [];
          for (const line of said) onLog(line.startsWith(path) ? line : `${path}: ${line}`, "warning");
          return { path, ...described };
        });
    });
}

type Line = readonly [label: string, value: string];

function text({ path, ...description }: FileDescription & { readonly path: string }): string {
  const [title, lines] = linesOf(description);
  const width = Math.max(0, ...lines.map(([label]) => label.length)) + 2;
  const body = lines.map(([label, value]) => `  ${label.padEnd(width)}${value}\n`);
  return `${path}: ${title}\n${body.join("")}`;
}

function linesOf(description: FileDescription): [title: string, lines: readonly Line[]] {
  switch (description.kind) {
    case "ndtiff": {
      const { version, recovered, levels } = description;
      const more: Line[] = [
        ...(recovered > 0 ? [["recovered", `${imagesText(recovered)} that the index lacks`] as const] : []),
        ...(levels.length > 1
          ? [["levels", levels.map((level) => `1/${2 ** level}`).join(", ")] as const]
          : []),
      ];
      return [`NDTiff ${version}`, [...datasetLines(description), ...more]];
    }
    case "ome-zarr": {
      const { lost } = description;
      const more: Line[] =
        lost.length > 0 ? [["lost", `${imagesText(lost.length)} whose chunks are gone`]] : [];
      return ["OME-Zarr", [...datasetLines(description), ...more]];
    }
    case "images":
      return [IMAGE_FORMATS[description.format] ?? description.format, imagesLines(description)];
    case "mrc":
      return [`MRC ${description.content}`, mrcLines(description)];
    case "npy":
      return ["NumPy array", [["array", arrayText(description)]]];
    case "npz":
      return [
        "NumPy archive",
        Object.entries(description.arrays).map(([name, array]) => [name, arrayText(array)]),
      ];
    case "torch":
      return ["PyTorch", Object.entries(description.arrays).map(([name, array]) => [name, arrayText(array)])];
    case "cryosparc":
      return ["cryoSPARC dataset", cryosparcLines(description)];
    case "hdf5":
      return [
        description.content === "other" ? "HDF5" : `HDF5, ${description.content}`,
        hdf5Lines(description),
      ];
    case "csv":
      return [
        "table",
        [
          ["rows", `${description.rows}`],
          ["columns", description.columns.join(", ")],
        ],
      ];
    case "star":
      return ["STAR", description.blocks.flatMap(starLines)];
    case "pdb":
    case "mmcif":
      return [description.kind === "pdb" ? "PDB atoms" : "mmCIF atoms", atomLines(description)];
    case "tiff":
      return [`TIFF, ${description.bytes} bytes`, tiffLines(description)];
    case "folder":
      return ["folder without a dataset", []];
    default: {
      const { kind, bytes } = description;
      const lines = "lines" in description ? `, ${description.lines} lines` : "";
      return [`${OTHER_FILES[kind] ?? kind}, ${bytes} bytes${lines}`, []];
    }
  }
}

/** Names of files of which nothing more is said. */
const OTHER_FILES: Readonly<Record<string, string>> = {
  unknown: "unknown file",
  empty: "empty file",
  zip: "zip archive",
  bzip2: "packed by bzip2",
  xz: "packed by xz",
  zstd: "packed by zstd",
};

function datasetLines(description: DatasetDescription): Line[] {
  const { images, missing, axes, layouts, pixelSizeUm, summaryMetadata, firstMetadata, unreadable } =
    description;
  return [
    ["images", missing === 0 ? `${images}` : `${images} (${missing} missing)`],
    ...Object.entries(axes).map(([name, values]): Line => [name, valuesText(values)]),
    ...layoutLines(layouts),
    ...(pixelSizeUm === undefined ? [] : [["pixel", `${pixelSizeUm} µm`] as const]),
    ["summary", JSON.stringify(summaryMetadata)],
    ...(firstMetadata === undefined ? [] : [["first image", JSON.stringify(firstMetadata)] as const]),
    ...(unreadable === undefined ? [] : [["unreadable", unreadable] as const]),
  ];
}

function cryosparcLines({
  records,
  fields,
  micrographs,
}: Extract<FileDescription, { kind: "cryosparc" }>): Line[] {
  const counts = Object.entries(micrographs ?? {}).map(([name, count]) => `${name} (${count})`);
  return [
    ["records", `${records}`],
    [
      "fields",
      Object.entries(fields)
        .map(([name, type]) => `${name} ${type}`)
        .join(", "),
    ],
    ...(micrographs === undefined ? [] : [["micrographs", valuesText(counts)] as const]),
  ];
}

function hdf5Lines({ attributes, attributesOf, datasets }: Hdf5Description): Line[] {
  const lines = (values: Hdf5Description["attributes"], prefix: string): Line[] =>
    Object.entries(values).map(([name, value]) => [`${prefix}${name}`, shortJson(value)]);
  return [
    ...lines(attributes, ""),
    ...Object.entries(attributesOf).flatMap(([path, values]) => lines(values, `${path} `)),
    ...Object.entries(datasets).map(([path, { filters, ...array }]): Line => {
      return [path, [arrayText(array), ...filters].join(", ")];
    }),
  ];
}

/** Enough to know a value by. */
function shortJson(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > 200 ? `${text.slice(0, 200)}...` : text;
}

function starLines({ name, values, tables }: StarDescription["blocks"][number]): Line[] {
  return [
    [`data_${name}`, values.length === 0 ? "no single values" : `values ${values.join(", ")}`],
    ...tables.flatMap(({ columns, rows }): Line[] => [
      ["  rows", `${rows}`],
      ["  columns", columns.join(", ")],
    ]),
  ];
}

function atomLines({ models, atoms, chains, elements, boxA }: AtomsDescription): Line[] {
  const counts = Object.entries(elements).map(([element, count]) => `${count} ${element}`);
  const [from, to] = boxA.map((corner) => corner.map(short).join(", "));
  return [
    ["models", `${models}`],
    ["atoms", `${atoms}: ${counts.join(", ")}`],
    ["chains", valuesText(chains)],
    ["box", `from ${from} to ${to} Å`],
  ];
}

function tiffLines({ pages, layouts, pixelSizeA }: TiffDescription): Line[] {
  return [
    ["pages", `${pages}`],
    ...layoutLines(layouts),
    ["pixel", pixelSizeA === undefined ? "not given" : `${short(pixelSizeA)} Å`],
  ];
}

function layoutLines(layouts: readonly LayoutDescription[]): Line[] {
  return layouts.map(({ images, width, height, channels, dtype }) => {
    const colour = channels === 1 ? "" : ` x ${channels} colours`;
    const count = layouts.length > 1 ? ` (${imagesText(images)})` : "";
    return ["size", `${width} x ${height}${colour} ${dtype}${count}`];
  });
}

function imagesText(count: number): string {
  return count === 1 ? "1 image" : `${count} images`;
}

function valuesText(values: readonly (number | string)[]): string {
  if (values.length <= MOST_VALUES) return `${values.length}: ${values.join(", ")}`;
  return `${values.length}: ${values.slice(0, 3).join(", ")} ... ${values.at(-1)}`;
}

function mrcLines(description: Extract<FileDescription, { kind: "mrc" }>): Line[] {
  const { voxelSizeA, originA, statistics, labels, mode } = description;
  const values = Object.entries(statistics).map(([name, value]) => `${name} ${short(value)}`);
  const size = voxelSizeA.every((side) => side === voxelSizeA[0]) ? [voxelSizeA[0]] : voxelSizeA;
  return [
    ["array", `${arrayText(description)} (mode ${mode})`],
    ["voxel", size[0] === 0 ? "not given" : `${size.map(short).join(" x ")} Å`],
    ...(originA.every((side) => side === 0) ? [] : [["origin", `${originA.join(", ")} Å`] as const]),
    ["values", values.length === 0 ? "not given" : values.join(", ")],
    ...labels.filter((label) => label.trim() !== "").map((label) => ["label", label] as const),
  ];
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function arrayText({ shape, dtype }: { readonly shape: readonly number[]; readonly dtype: string }): string {
  return `${shape.length === 0 ? "one value" : shape.join(" x ")} ${dtype}`;
}
