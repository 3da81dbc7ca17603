import { type Command, Option } from "commander";
import { progressTeller } from "../core/index.ts";
import {
  type ConvertReport,
  convertDataset,
  type DatasetFormat,
  type OmeZarrCompression,
} from "../io/index.ts";
import { convertParticles } from "../match/index.ts";
import { count, example } from "./options.ts";
import { report } from "./report.ts";

interface ConvertArguments {
  readonly format?: DatasetFormat;
  readonly compression: OmeZarrCompression;
  readonly templateSize?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine convert IN OUT`. */
export function addConvert(cli: Command): void {
  cli
    .command("convert")
    .addHelpText("after", example("convert data/run_1 run.zarr --compression zstd"))
    .description("write images, or a table of particles, as another format")
    .argument("<in>", "NDTiff folder, OME-Zarr store, MRC, TIFF or .npy file; particles as .csv or .star")
    .argument(
      "<out>",
      "its ending tells the format: .zarr, .mrc, .tif, .npy, .star, .csv; NDTiff needs --format",
    )
    .addOption(
      new Option("--format <format>", "what OUT becomes").choices([
        "ndtiff",
        "ome-zarr",
        "mrc",
        "tiff",
        "npy",
      ]),
    )
    .addOption(
      new Option("--compression <method>", "of OME-Zarr").choices(["none", "zstd", "gzip"]).default("none"),
    )
    .option("--template-size <px>", "side of the template, for pos_x and pos_y of particles of RELION", count)
    .option("--overwrite", "replace OUT if it is there")
    .option("--json", "print the result as JSON")
    .action((from: string, to: string, args: ConvertArguments) =>
      isTable(to) ? convertTable(from, to, args) : convertImages(from, to, args),
    );
}

function isTable(path: string): boolean {
  return /\.(star|csv)$/i.test(path);
}

function convertImages(from: string, to: string, args: ConvertArguments): Promise<void> {
  const { format, compression, overwrite = false, json = false } = args;
  return report({ json, text: imagesText }, async ({ signal, onProgress, onLog }) => {
    const tell = progressTeller(onProgress, { unit: "images" });
    const converted = await convertDataset(from, to, {
      ...(format !== undefined && { format }),
      ...{ compression, overwrite, signal },
      onProgress: ({ done, total }) => tell(done, total),
    });
    if (converted.filled > 0)
      onLog(`${from}: zeros in the place of ${converted.filled} missing images`, "warning");
    return { ...converted, path: to };
  });
}

function imagesText({ images, to, filled, path }: ConvertReport & { readonly path: string }): string {
  const gaps = filled === 0 ? "" : `, ${filled} missing ones as zeros`;
  return `wrote ${path}: ${images} image${images === 1 ? "" : "s"} as ${to}${gaps}\n`;
}

function convertTable(from: string, to: string, args: ConvertArguments): Promise<void> {
  const { overwrite = false, templateSize, json = false } = args;
  const options = templateSize === undefined ? { overwrite } : { overwrite, templateSize };
  const text = ({ particles }: { readonly particles: number }) =>
    `wrote ${to}: ${particles} particle${particles === 1 ? "" : "s"}\n`;
  return report({ json, text }, async () => ({
    path: to,
    particles: await convertParticles(from, to, options),
  }));
}
