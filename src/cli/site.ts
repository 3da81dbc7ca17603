import { type Command, Option } from "commander";
import { openExperiment, siteIdOfPart } from "../experiment/index.ts";
import { writeTiff } from "../io/index.ts";
import { readSiteImage, SITE_CORRECTIONS, type SiteCorrection } from "../pyramid/index.ts";
import { example, index } from "./options.ts";
import { report } from "./report.ts";

interface SiteArguments {
  readonly plate?: string;
  readonly well: string;
  readonly site: number;
  readonly channel: string;
  readonly timepoint: number;
  readonly zplane: number;
  readonly illumcorrModel?: SiteCorrection;
  readonly align?: boolean;
  readonly out: string;
  readonly database?: string;
  readonly json?: boolean;
}

interface SavedSite {
  readonly out: string;
  readonly height: number;
  readonly width: number;
}

const A_PER_UM = 1e4;

/** Adds `vitrine experiment site DIR`. @param database  its option, wherever an experiment is opened */
export function addSite(experiment: Command, database: Option): void {
  experiment
    .command("site")
    .description("save an image of a site as TIFF: its pixels as they are stored, corrected, or aligned")
    .argument("<dir>", "the experiment's folder")
    .requiredOption("--well <name>", "its well, as B03")
    .requiredOption("--site <number>", "its number in the well, from 0", index)
    .requiredOption("--channel <name>", "a channel")
    .requiredOption("--out <file.tif>", "the file")
    .option("--plate <name>", "its plate; default: the only one")
    .option("--timepoint <index>", "from 0", index, 0)
    .option("--zplane <index>", "from 0", index, 0)
    .addOption(
      new Option(
        "--illumcorr-model <model>",
        "correct its illumination by what vitrine illuminati EXPERIMENT stats made; default: not",
      ).choices(SITE_CORRECTIONS),
    )
    .option("--align", "cut it to what all cycles show, by vitrine illuminati EXPERIMENT align")
    .addOption(database)
    .option("--json", "print what was saved as JSON")
    .addHelpText("after", example("experiment site screen --well B03 --site 0 --channel DAPI --out b03.tif"))
    .action((dir: string, args: SiteArguments) =>
      report({ json: args.json ?? false, text: savedText }, () => saveSite(dir, args)),
    );
}

async function saveSite(dir: string, args: SiteArguments): Promise<SavedSite> {
  const { plate, well, site, channel, timepoint, zplane, illumcorrModel, align = false, out } = args;
  const url = args.database === undefined ? {} : { databaseUrl: args.database };
  await using opened = await openExperiment(dir, { ...url, isReadOnly: true });
  const siteId = await siteIdOfPart(opened, { well, site, ...(plate !== undefined && { plate }) });
  const correct = illumcorrModel === undefined ? {} : { correct: illumcorrModel };
  const page = await readSiteImage(opened, siteId, { channel, timepoint, zplane, align, ...correct });
  const { pixelSizeUm } = await opened.settings();
  const size = pixelSizeUm === null ? {} : { pixelSizeA: pixelSizeUm * A_PER_UM };
  await writeTiff(out, { pages: [page], ...size });
  return { out, height: page.height, width: page.width };
}

function savedText({ out, height, width }: SavedSite): string {
  return `${out}: ${height} x ${width} pixels\n`;
}
