import { type Command, Option } from "commander";
import {
  type ConvertProgress,
  convertDataset,
  type DatasetFormat,
  type OmeZarrCompression,
} from "../io/index.ts";
import { abortOnSignals } from "./interrupt.ts";

/** Time between two lines of progress. */
const LINE_MS = 2000;

interface ConvertArguments {
  readonly format?: DatasetFormat;
  readonly compression: OmeZarrCompression;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine convert IN OUT`. */
export function addConvert(program: Command): void {
  program
    .command("convert")
    .description("write the images of one file or dataset as another one, with axes and metadata")
    .argument("<in>", "NDTiff folder, OME-Zarr store, MRC or .npy file")
    .argument("<out>", "its ending tells the format: .zarr, .mrc, .npy; NDTiff needs --format")
    .addOption(
      new Option("--format <format>", "what OUT becomes").choices(["ndtiff", "ome-zarr", "mrc", "npy"]),
    )
    .addOption(
      new Option("--compression <method>", "of OME-Zarr").choices(["none", "zstd", "gzip"]).default("none"),
    )
    .option("--overwrite", "replace OUT if it is there")
    .option("--json", "print the result as JSON")
    .action(async (from: string, to: string, args: ConvertArguments) => {
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

/** A line now and then. */
function createProgress(): (progress: ConvertProgress) => void {
  let last = performance.now();
  return ({ done, total }) => {
    const now = performance.now();
    if (now - last < LINE_MS) return;
    last = now;
    process.stderr.write(`vitrine: ${done} of ${total} images\n`);
  };
}
