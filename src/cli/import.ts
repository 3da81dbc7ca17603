import { type Command, InvalidArgumentError, Option } from "commander";
import { counted } from "../core/index.ts";
import {
  CHANNEL_NAMES,
  type ChannelNames,
  type ImportPlan,
  type ImportReport,
  importImages,
  openExperiment,
  planImport,
  type SiteLayout,
} from "../experiment/index.ts";
import { PLATE_FORMATS } from "../io/index.ts";
import { databaseOption, refuseIdleDatabase } from "./database.ts";
import { example, positive } from "./options.ts";
import { type CommandTools, report } from "./report.ts";

interface ImportArguments {
  readonly pattern?: string;
  readonly table?: string;
  readonly plate?: string;
  readonly format?: string;
  readonly pixelSize?: number;
  readonly layout?: SiteLayout;
  readonly cycle?: number;
  readonly channelNames: ChannelNames;
  readonly copy?: boolean;
  readonly overwrite?: boolean;
  readonly dryRun?: boolean;
  readonly database?: string;
  readonly json?: boolean;
}

/** What a run tells: what was understood, and what was done of it. */
interface ImportResults extends Pick<ImportPlan, "understood" | "missing" | "unmatched"> {
  readonly plates: readonly string[];
  readonly channels: readonly string[];
  readonly pixelSizeUm: number | null;
  readonly wells: number;
  readonly sites: number;
  readonly images: number;
  /** Null where nothing was written. */
  readonly imported: ImportReport | null;
}

/** Lines of a list that are shown to a person. */
const SHOWN = 12;

/** Adds `vitrine import DIR FOLDER`. */
export function addImport(cli: Command): void {
  cli
    .command("import")
    .hook("preAction", (command) => refuseIdleDatabase(command, command.args.slice(0, 1)))
    .description(
      "add the images of a plate to an experiment: what a microscope wrote, by its files and metadata",
    )
    .argument("<dir>", "the experiment's folder")
    .argument("<folder>", "the images, in whatever folders below it")
    .option(
      "--pattern <names>",
      "what names of files tell, as {plate}_{well}_y{y}_x{x}_{channel}_t{t}_z{z}.tif; also {site}, {cycle}, {row}, {col}",
    )
    .option(
      "--table <images.csv>",
      "a table: path, well and plate, site, y, x, channel, t, z, cycle, yUm, xUm",
    )
    .option("--plate <name>", "name of the plate where nothing tells it; default: the folder's")
    .addOption(new Option("--format <wells>", "wells of the plate").choices(Object.keys(PLATE_FORMATS)))
    .option(
      "--pixel-size <um>",
      "µm per pixel; default: what metadata or files say, else the experiment's",
      positive,
    )
    .option(
      "--layout <rowsxcolumns>",
      "where sites are that nothing tells the position of, by their numbers, row by row: 3x3, or 3x3:snake",
      siteLayout,
    )
    .option("--cycle <number>", "the cycle of the images, from 0, where no name tells it", cycleNumber)
    .addOption(
      new Option(
        "--channel-names <how>",
        "channels that several cycles have: distinct names (DAPI, 1_DAPI), all by-cycle (0_DAPI, 1_DAPI), or as-found, one channel whose layers show the last cycle",
      )
        .choices(CHANNEL_NAMES)
        .default("distinct"),
    )
    .option("--copy", "copy the images into the experiment's folder; else they stay and are linked")
    .option("--overwrite", "replace the images that the experiment has of the same plates and cycles")
    .option("--dry-run", "say what was understood, and end")
    .addOption(databaseOption())
    .option("--json", "print the results as JSON")
    .addHelpText("after", example("import screen /data/plate7 --dry-run"))
    .action((dir: string, folder: string, args: ImportArguments) =>
      report({ json: args.json ?? false, text: resultsText }, (tools) =>
        runImport({ dir, folder, args }, tools),
      ),
    );
}

async function runImport(
  { dir, folder, args }: { readonly dir: string; readonly folder: string; readonly args: ImportArguments },
  { signal, onLog }: CommandTools,
): Promise<ImportResults> {
  // an experiment that is not there is told before a long look at the files
  const url = args.database === undefined ? {} : { databaseUrl: args.database };
  await using experiment = await openExperiment(dir, { ...url, isReadOnly: args.dryRun ?? false });
  const plan = await planImport(folder, { ...optionsOf(args), experiment, signal });
  for (const line of plan.understood) onLog(line, "note");
  for (const warning of plan.warnings) onLog(warning, "warning");
  for (const line of plan.missing.slice(0, SHOWN)) onLog(line, "warning");
  const more = plan.missing.length - SHOWN;
  if (more > 0) onLog(`${more} more lines of what is missing: --json has all`, "warning");
  if (plan.unmatched.length > 0) onLog(`not understood: ${listed(plan.unmatched)}`, "warning");
  const { copy = false, overwrite = false } = args;
  const imported = args.dryRun ? null : await importImages(experiment, plan, { copy, overwrite, signal });
  for (const warning of imported?.warnings ?? []) onLog(warning, "warning");
  const { plates, channels, sites, images } = plan.content;
  return {
    ...{ understood: plan.understood, missing: plan.missing, unmatched: plan.unmatched },
    plates: plates.map(({ name, nRows, nColumns }) => `${name} (${nRows} x ${nColumns})`),
    channels: channels.map(({ name }) => name),
    pixelSizeUm: plan.pixelSizeUm ?? null,
    wells: plates.reduce((sum, { wells = [] }) => sum + wells.length, 0),
    sites: sites.length,
    images: images.length,
    imported,
  };
}

function optionsOf({
  pattern,
  table,
  plate,
  format,
  pixelSize,
  layout,
  cycle,
  channelNames,
}: ImportArguments) {
  return {
    channelNames,
    ...(pattern !== undefined && { pattern }),
    ...(table !== undefined && { table }),
    ...(plate !== undefined && { plate }),
    ...(format !== undefined && { format: PLATE_FORMATS[format] }),
    ...(pixelSize !== undefined && { pixelSizeUm: pixelSize }),
    ...(layout !== undefined && { layout }),
    ...(cycle !== undefined && { cycleIndex: cycle }),
  };
}

function resultsText(results: ImportResults): string {
  const { plates, channels, wells, sites, images, pixelSizeUm, missing, imported } = results;
  const size = pixelSizeUm === null ? "pixel size not known" : `${pixelSizeUm} µm per pixel`;
  const lines = [
    `plates ${plates.join(", ")}: ${counted(wells, "well")}, ${counted(sites, "site")}, ${counted(images, "image")} of ${channels.join(", ")}; ${size}`,
    missingText(missing.length),
    imported === null
      ? "nothing was written (--dry-run)"
      : `imported${imported.copied > 0 ? `, ${counted(imported.copied, "file")} copied` : ""}`,
  ];
  return `${lines.join("\n")}\n`;
}

function missingText(lines: number): string {
  if (lines === 0) return "nothing is missing";
  return lines === 1 ? "a line above tells what is missing" : `${lines} lines above tell what is missing`;
}

function listed(names: readonly string[]): string {
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more files` : "";
  return `${names.slice(0, SHOWN).join(", ")}${more}`;
}

function siteLayout(text: string): SiteLayout {
  const [, rows, columns, snake] = /^(\d+)x(\d+)(:snake)?$/.exec(text) ?? [];
  if (Number(rows) > 0 && Number(columns) > 0)
    return { rows: Number(rows), columns: Number(columns), isSnake: snake !== undefined };
  throw new InvalidArgumentError("Expected ROWSxCOLUMNS, as 3x3, or 3x3:snake.");
}

function cycleNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Expected a whole number of at least 0.");
}
