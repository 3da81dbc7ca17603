import { type Command, InvalidArgumentError, Option } from "commander";
import { counted } from "../core/index.ts";
import {
  addContent,
  createExperiment,
  describeExperiment,
  type ExperimentContent,
  type ExperimentSummary,
  openExperiment,
  readContent,
  renameChannel,
} from "../experiment/index.ts";
import { PLATE_FORMATS, parseWellName, wellName } from "../io/index.ts";
import { databaseOption, refuseIdleDatabase } from "./database.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { count, example, notNegative, numberIn, positive } from "./options.ts";
import {
  addPlatePicture,
  PICTURE_RULES,
  type PlatePictureArguments,
  picturesText,
  type WrittenPicture,
  writePlatePictures,
} from "./platePicture.ts";
import { report } from "./report.ts";
import { addSite } from "./site.ts";

/** Adds `vitrine experiment create|add|show|site|rename-channel DIR`. */
export function addExperiment(cli: Command): void {
  const experiment = cli
    .command("experiment")
    .description("make an experiment, a folder in which plates, images, layers and objects meet; look at it")
    .hook("preAction", (_, command) => refuseIdleDatabase(command, command.args.slice(0, 1)))
    .addHelpText("after", example("experiment create screen --pixel-size 0.325"));
  addCreate(experiment);
  addAdd(experiment);
  addShow(experiment);
  addSite(experiment, databaseOption());
  addRenameChannel(experiment);
}

const FOLDER = ["<dir>", "the experiment's folder"] as const;

interface DatabaseArguments {
  readonly database?: string;
  readonly json?: boolean;
}

interface CreateArguments extends DatabaseArguments {
  readonly name?: string;
  readonly mode: "basic" | "multiplexing";
  readonly wellSpacer: number;
  readonly siteDisplacement: readonly [number, number];
  readonly pixelSize?: number;
}

function addCreate(experiment: Command): void {
  experiment
    .command("create")
    .description("make an experiment: SQLite in its folder, or a schema of its own on a PostgreSQL server")
    .argument(...FOLDER)
    .option("--name <text>", "how pictures and pages call it; default: the folder's name")
    .addOption(
      new Option("--mode <mode>", "multiplexing: cycles stain the same sites anew")
        .choices(["basic", "multiplexing"])
        .default("basic"),
    )
    .option(
      "--well-spacer <pixels>",
      "empty pixels between wells; twice as many between plates",
      notNegative,
      500,
    )
    .option(
      "--site-displacement <y,x>",
      "pixels between sites of a grid, down and across; negative where they overlap",
      pixelPair,
      [0, 0],
    )
    .option("--pixel-size <um>", "µm per pixel", positive)
    .addOption(databaseOption())
    .option("--json", "print the experiment as JSON")
    .action((dir: string, args: CreateArguments) =>
      report({ json: args.json ?? false, text: summaryText }, async () => {
        await using made = await createExperiment(dir, {
          ...(args.name !== undefined && { name: args.name }),
          ...(args.pixelSize !== undefined && { pixelSizeUm: args.pixelSize }),
          ...(args.database !== undefined && { databaseUrl: args.database }),
          mode: args.mode,
          wellSpacerSize: args.wellSpacer,
          verticalSiteDisplacement: args.siteDisplacement[0],
          horizontalSiteDisplacement: args.siteDisplacement[1],
        });
        return await describeExperiment(made);
      }),
    );
}

interface AddArguments extends DatabaseArguments {
  readonly plate?: string;
  readonly format: string;
  readonly wells?: readonly string[];
  readonly channel?: readonly ChannelArgument[];
  readonly cycles?: number;
}

interface ChannelArgument {
  readonly name: string;
  readonly bitDepth: number;
}

function addAdd(experiment: Command): void {
  const command = experiment
    .command("add")
    .description("add plates, wells, channels, cycles, sites and images: all of them or none")
    .argument(...FOLDER)
    .argument(
      "[content.json]",
      "plates, cycles, channels, sites and images, as docs/experiments.md lists them",
    )
    .option("--plate <name>", "a plate, with --format and --wells")
    .addOption(
      new Option("--format <wells>", "wells of the plate").choices(Object.keys(PLATE_FORMATS)).default("96"),
    )
    .option("--wells <list>", "its wells that have images: A01,A02,B03-B07", wellList)
    .option("--channel <name[:bits]>", "a channel and its significant bits; may be repeated", channelList)
    .option("--cycles <number>", "rounds of staining", count)
    .addOption(databaseOption())
    .option("--json", "print the experiment as JSON")
    .action((dir: string, file: string | undefined, args: AddArguments) =>
      report({ json: args.json ?? false, text: summaryText }, async ({ onLog }) => {
        tellIdle(command, ADD_RULES, { args: { ...args, file }, onLog });
        if (file === undefined && isNothing(args)) command.error(NOTHING_TO_ADD);
        const content = file === undefined ? contentOf(args) : await readContent(file);
        await using opened = await openExperiment(dir, urlOf(args));
        await addContent(opened, content);
        return await describeExperiment(opened);
      }),
    );
}

const NOTHING_TO_ADD = "error: nothing to add: name content.json, --plate, --channel or --cycles";

function isNothing({ plate, channel, cycles }: AddArguments): boolean {
  return [plate, channel, cycles].every((one) => one === undefined);
}

const ADD_RULES: readonly IdleRule<AddArguments & { readonly file: string | undefined }>[] = [
  {
    options: ["plate", "format", "wells", "channel", "cycles"],
    isIdle: ({ file }) => file !== undefined,
    why: "with content.json, which tells all that is added",
  },
  { options: ["format", "wells"], isIdle: ({ plate }) => plate === undefined, why: "without --plate" },
];

function contentOf({ plate, format, wells = [], channel = [], cycles }: AddArguments): ExperimentContent {
  const [nRows, nColumns] = PLATE_FORMATS[format];
  return {
    ...(plate !== undefined && {
      plates: [{ name: plate, nRows, nColumns, wells: wells.map((name) => ({ name })) }],
    }),
    channels: [...channel],
    cycles: Array.from({ length: cycles ?? 0 }, (_, cycleIndex) => ({ cycleIndex })),
  };
}

interface ShowArguments extends DatabaseArguments, PlatePictureArguments {
  readonly upgrade?: boolean;
}

function showText(results: ExperimentSummary & { readonly pictures: readonly WrittenPicture[] }): string {
  return summaryText(results) + picturesText(results.pictures);
}

function addShow(experiment: Command): void {
  const command = experiment
    .command("show")
    .description("what an experiment holds; with --picture draws its plates")
    .argument(...FOLDER)
    .option("--upgrade", "bring tables of an earlier version up to date");
  addPlatePicture(command)
    .addOption(databaseOption())
    .option("--json", "print it as JSON")
    .action((dir: string, args: ShowArguments) =>
      report({ json: args.json ?? false, text: showText }, async (tools) => {
        tellIdle(command, PICTURE_RULES, { args, onLog: tools.onLog });
        await using opened = await openExperiment(dir, { ...urlOf(args), isReadOnly: !args.upgrade });
        const pictures = await writePlatePictures(opened, args, tools);
        return { ...(await describeExperiment(opened)), pictures };
      }),
    );
}

function addRenameChannel(experiment: Command): void {
  experiment
    .command("rename-channel")
    .description("give a channel another name")
    .argument(...FOLDER)
    .argument("<channel>", "its name")
    .argument("<name>", "its new one")
    .addOption(databaseOption())
    .option("--json", "print it as JSON")
    .action((dir: string, channel: string, name: string, args: DatabaseArguments) =>
      report({ json: args.json ?? false, text: () => `${channel} is ${name} now\n` }, async () => {
        await using opened = await openExperiment(dir, urlOf(args));
        await renameChannel(opened, channel, name);
        return { channel, name };
      }),
    );
}

function urlOf({ database }: DatabaseArguments) {
  return database === undefined ? {} : { databaseUrl: database };
}

/** A few lines: what there is of everything, then the wells of each plate. */
function summaryText(summary: ExperimentSummary): string {
  const objects = Object.entries(summary.objects).map(([name, count]) => `${count} of ${name}`);
  const lines = [
    `${summary.name} (${summary.directory}, ${summary.database})`,
    `${counted(summary.images, "image")}: channels ${summary.channels.join(", ") || "none"}; ` +
      `${counted(summary.cycles, "cycle")}, ${counted(summary.timePoints, "time point")}, ${counted(summary.zPlanes, "z plane")}`,
    `${counted(summary.layers, "layer")}; ${objects.length === 0 ? "no map objects" : `map objects ${objects.join(", ")}`}`,
    ...summary.plates.map(({ name, nRows, nColumns, wells }) => {
      const sites = wells.reduce((sum, well) => sum + well.sites, 0);
      const names =
        wells.length > 12 ? counted(wells.length, "well") : wells.map((well) => well.name).join(" ");
      return `plate ${name}, ${nRows} x ${nColumns}: ${names || "no wells"}; ${counted(sites, "site")}`;
    }),
  ];
  return `${lines.join("\n")}\n`;
}

function pixelPair(text: string): [number, number] {
  const values = text.split(",").map(numberIn);
  if (values.length === 2 && values.every(Number.isSafeInteger)) return [values[0], values[1]];
  throw new InvalidArgumentError("Expected two whole numbers: y,x.");
}

/** Wells by name, and rectangles of them by two corners. */
function wellList(text: string): string[] {
  return text.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(wellPlace);
    const names: string[] = [];
    for (let rowIndex = first.rowIndex; rowIndex <= last.rowIndex; rowIndex++)
      for (let columnIndex = first.columnIndex; columnIndex <= last.columnIndex; columnIndex++)
        names.push(wellName({ rowIndex, columnIndex }));
    return names;
  });
}

function wellPlace(name: string) {
  try {
    return parseWellName(name);
  } catch {
    throw new InvalidArgumentError(`Expected names like A01, or A01-B03, found "${name}".`);
  }
}

function channelList(text: string, before: readonly ChannelArgument[] = []): ChannelArgument[] {
  const [, name, bits = "16"] = /^([^:].*?)(?::(\d+))?$/.exec(text) ?? [];
  if (name === undefined || Number(bits) < 1 || Number(bits) > 32)
    throw new InvalidArgumentError("Expected a name, or a name and 1 to 32 bits: DAPI:12.");
  return [...before, { name, bitDepth: Number(bits) }];
}
