import { type Command, Option } from "commander";
import {
  type ConvertProgress,
  convertDataset,
  type DatasetFormat,
  type OmeZarrCompression,
} from "../io/index.ts";
import { convertParticles } from "../match/index.ts";
import { abortOnSignals } from "./interrupt.ts";
import { count } from "./options.ts";
import { log } from "./watch.ts";

/** Time between two lines of progress. */
const LINE_MS = 2000;

interface ConvertArguments {
  readonly format?: DatasetFormat;
  readonly compression: OmeZarrCompression;
  readonly templateSize?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine convert IN OUT`. */
export function addConvert(program: Command): void {
  program
    .command("convert")
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
    .action(async (from: string, to: string, args: ConvertArguments) => {
      if (isTable(to)) return convertTable(from, to, args);
      using interrupt = abortOnSignals();
      const report = await convertDataset(from, to, {
        ...(args.format !== undefined && { format: args.format }),
        compression: args.compression,
        overwrite: args.overwrite ?? false,
        signal: interrupt.signal,
        onProgress: createProgress(),
      });
      const gaps = report.filled === 0 ? "" : `, ${report.filled} missing ones as zeros`;
      process.stdout.write(
        args.json
          ? `${JSON.stringify({ ...report, path: to })}\n`
          : `wrote ${to}: ${report.images} image${report.images === 1 ? "" : "s"} as ${report.to}${gaps}\n`,
      );
    });
}

function isTable(path: string): boolean {
  return /\.(star|csv)$/i.test(path);
}

async function convertTable(from: string, to: string, args: ConvertArguments): Promise<void> {
  const { overwrite = false, templateSize } = args;
  const options = templateSize === undefined ? { overwrite } : { overwrite, templateSize };
  const particles = await convertParticles(from, to, options);
  process.stdout.write(
    args.json
      ? `${JSON.stringify({ path: to, particles })}\n`
      : `wrote ${to}: ${particles} particle${particles === 1 ? "" : "s"}\n`,
  );
}

/** A line now and then. */
function createProgress(): (progress: ConvertProgress) => void {
  let last = performance.now();
  return ({ done, total }) => {
    const now = performance.now();
    if (now - last < LINE_MS) return;
    last = now;
    log(`${done} of ${total} images`);
  };
}
