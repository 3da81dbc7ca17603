import { basename, resolve } from "node:path";
import { z } from "zod";
import { counted, VitrineError } from "../../core/index.ts";
import { parseWithSchema } from "../../io/index.ts";
import type { WholeContent } from "../content.ts";
import type { Experiment } from "../experiment.ts";
import {
  CHANNEL_NAMES,
  type ChannelCycles,
  type ChannelNames,
  nameChannels,
  readChannelCycles,
} from "./channelNames.ts";
import { contentOf } from "./contents.ts";
import { readImageFolder } from "./folder.ts";
import type { Found, FoundImage, ImageFolder } from "./found.ts";
import { groupBy } from "./group.ts";
import { type Headers, readHeaders } from "./headers.ts";
import { missingLines } from "./missing.ts";
import { byPattern, type NameOptions, plateOfFolder } from "./names.ts";
import { firstLines } from "./notes.ts";
import { numberPlanes, oncePlanes } from "./number.ts";
import { alikePlanes, planesOf } from "./planes.ts";
import { recognise } from "./recognise.ts";
import type { SiteLayout } from "./sites.ts";
import { readImageTable } from "./table.ts";

const optionsSchema = z.strictObject({
  pattern: z.string().min(1).optional(),
  table: z.string().min(1).optional(),
  plate: z.string().min(1).optional(),
  format: z.tuple([z.int().positive(), z.int().positive()]).optional(),
  pixelSizeUm: z.number().positive().optional(),
  layout: z
    .strictObject({ rows: z.int().positive(), columns: z.int().positive(), isSnake: z.boolean().optional() })
    .optional(),
  cycleIndex: z.int().min(0).optional(),
  channelNames: z.enum(CHANNEL_NAMES).optional(),
});

/** Options of {@link planImport}; without `pattern` and `table` the microscope is recognised. */
export interface PlanImportOptions {
  /** What names of files tell, as `{plate}_{well}_y{y}_x{x}_{channel}_t{t}_z{z}.tif`, or a regular expression with such groups. */
  readonly pattern?: string;
  /** A CSV of images, its paths relative to the folder. */
  readonly table?: string;
  /** Name of the plate where nothing says it (default the folder's). */
  readonly plate?: string;
  /** Rows and columns of the plates. */
  readonly format?: readonly [rows: number, columns: number];
  /** µm per pixel; default what metadata or files say. */
  readonly pixelSizeUm?: number;
  /** Where sites are of which nothing tells the position. */
  readonly layout?: SiteLayout;
  /** The cycle of all images of which no name tells one (default 0). */
  readonly cycleIndex?: number;
  /** What channels are called that several cycles have (default `distinct`). */
  readonly channelNames?: ChannelNames;
  /** That the images are for: its pixel size counts where files say none, and names of its channels stay of one cycle. */
  readonly experiment?: Experiment;
  readonly signal?: AbortSignal;
  /** How many files were looked at. */
  readonly onFile?: (done: number, of: number) => void;
}

/** What would be imported, and what was understood. */
export interface ImportPlan {
  readonly folder: string;
  /** What the folder is from, a line each, with how many images were told by it. */
  readonly understood: readonly string[];
  /** With absolute paths of images. */
  readonly content: WholeContent;
  readonly channelNames: ChannelNames;
  readonly pixelSizeUm?: number;
  /** Wells, sites, time points and planes that are not there, a line each. */
  readonly missing: readonly string[];
  /** Files that no image was understood from. */
  readonly unmatched: readonly string[];
  /** What was guessed, contradicts, cannot be read or is left out. */
  readonly warnings: readonly string[];
}

/** Files beside images that nobody misses. */
const BESIDE = /\.(txt|xml|json|csv|log|ini|htd|mes|mlf|mrf|wpi|wpp|xdce|nd|db|pdf|html?)$/i;

/**
 * Understands a folder of a plate's images; writes nothing. Microscopes are recognised by their files and metadata, else by names of files,
 * folder by folder.
 *
 * @throws {VitrineError} missing: no such folder, no image in it; undeterminable: no microscope's names; range: a well outside its plate; format: metadata, a pattern or
 *   a table that cannot be read; aborted; storage
 */
export async function planImport(folder: string, options: PlanImportOptions = {}): Promise<ImportPlan> {
  const { signal, onFile, experiment, ...rest } = options;
  const settings = parseWithSchema(rest, optionsSchema, "planImport options");
  const root = resolve(folder);
  const images = await readImageFolder(root);
  const plateOf = (path: string) => options.plate ?? plateOfFolder(path) ?? basename(root);
  const founds = await findImages(images, { ...options, plateOf });
  const all = founds.flatMap((found) => found.images);
  if (all.length === 0)
    throw nothing(images, options, { untold: founds.flatMap(({ warnings = [] }) => warnings)[0] });
  const headers = await readHeaders(root, all, {
    ...(signal !== undefined && { signal }),
    ...(onFile !== undefined && { onFile }),
  });
  const cycled = all.map((image) => ({ cycle: settings.cycleIndex ?? 0, ...image }));
  const known = {
    channelCycles: experiment === undefined ? new Map() : await readChannelCycles(experiment.query),
    pixelSizeUm: (await experiment?.settings())?.pixelSizeUm ?? undefined,
  };
  return assemble({ root, images, founds, headers, cycled, options, known });
}

async function findImages(
  images: ImageFolder,
  { pattern, table, ...options }: PlanImportOptions & NameOptions,
): Promise<readonly Found[]> {
  if (pattern !== undefined && table !== undefined)
    throw new VitrineError({
      code: "range",
      at: "planImport",
      expected: "a pattern or a table",
      found: "both",
    });
  if (table !== undefined) return [await readImageTable(table, options.plateOf(""))];
  return pattern === undefined ? recognise(images, options) : [byPattern(images, { pattern, ...options })];
}

interface Gathered {
  readonly root: string;
  readonly images: ImageFolder;
  readonly founds: readonly Found[];
  readonly headers: Headers;
  readonly cycled: readonly FoundImage[];
  readonly options: PlanImportOptions;
  /** What the experiment has. */
  readonly known: { readonly channelCycles: ChannelCycles; readonly pixelSizeUm: number | undefined };
}

function assemble({ root, images, founds, headers, cycled, options, known }: Gathered): ImportPlan {
  const warnings = founds.flatMap((found) => found.warnings ?? []);
  const unreadable = [...headers.unreadable].map(
    ([path, why]) => `${path} cannot be read and is left out: ${why}`,
  );
  warnings.push(...firstLines(unreadable, (rest) => `${rest} more files cannot be read and are left out`));
  for (const warning of headers.warnings) warnings.push(warning);
  const { channelNames = "distinct" } = options;
  const alike = alikePlanes(planesOf(cycled, headers, warnings), { channelNames, warnings });
  const naming = { channelNames, channelCycles: known.channelCycles, warnings };
  const planes = nameChannels(oncePlanes(numberPlanes(alike), warnings), naming);
  if (planes.length === 0)
    throw nothing(images, options, { unreadable: headers.unreadable.values().next().value });
  const pixelSizeUm = pixelSizeOf({ founds, headers, options, known }, warnings);
  const content = contentOf(planes, {
    ...{ root, warnings, pixelSizeUm, layout: options.layout, format: options.format },
    plates: Object.assign({}, ...founds.map(({ plates }) => plates)),
    channels: Object.assign({}, ...founds.map(({ channels }) => channels)),
  });
  return {
    folder: root,
    understood: understoodLines(founds),
    content,
    channelNames,
    ...(pixelSizeUm !== undefined && { pixelSizeUm }),
    missing: missingLines(planes, plannedOf(founds)),
    unmatched: unmatchedOf(images, founds),
    warnings: [...new Set(warnings)],
  };
}

function understoodLines(founds: readonly Found[]): string[] {
  const kinds = groupBy(founds, ({ microscope }) => microscope);
  return [...kinds].map(([microscope, of]) => {
    const files = of.reduce((sum, { images }) => sum + images.length, 0);
    return `${microscope}: ${counted(files, "file")} or planes`;
  });
}

function plannedOf(founds: readonly Found[]) {
  const most = (of: "sites" | "timePoints") =>
    Math.max(0, ...founds.map(({ planned }) => planned?.[of] ?? 0));
  const wells = Object.assign({}, ...founds.map(({ planned }) => planned?.wells));
  return { wells, sites: most("sites"), timePoints: most("timePoints") };
}

function unmatchedOf({ files, stores }: ImageFolder, founds: readonly Found[]): string[] {
  const known = new Set(
    founds.flatMap(({ images, tellers = [] }) => [...images.map(({ path }) => path), ...tellers]),
  );
  return [...files, ...stores].filter((path) => !known.has(path) && !BESIDE.test(path));
}

/** What the user says, else metadata, else the files; where files differ, what most say. */
function pixelSizeOf(
  { founds, headers, options, known }: Pick<Gathered, "founds" | "headers" | "options" | "known">,
  warnings: string[],
): number | undefined {
  if (options.pixelSizeUm !== undefined) return options.pixelSizeUm;
  const told = founds.flatMap(({ pixelSizeUm }) => pixelSizeUm ?? []);
  const sizes =
    told.length > 0 ? told : [...headers.headers.values()].flatMap((header) => header.pixelSizeUm ?? []);
  const kinds = [...groupBy(sizes, (size) => size.toPrecision(5))].sort(
    ([, a], [, b]) => b.length - a.length,
  );
  if (kinds.length > 1)
    warnings.push(
      `pixel sizes of ${kinds.map(([size]) => Number(size)).join(", ")} µm: the first is taken for all (--pixel-size)`,
    );
  return kinds[0]?.[1][0] ?? known.pixelSizeUm;
}

/** Why there is no image: what metadata said of none, or why the first could not be read. */
interface Why {
  readonly untold?: string | undefined;
  readonly unreadable?: string | undefined;
}

function nothing(
  { path, files }: ImageFolder,
  { pattern }: PlanImportOptions,
  { untold, unreadable }: Why,
): VitrineError {
  if (files.length === 0)
    return new VitrineError({ code: "missing", at: path, expected: "images", found: "none" });
  if (unreadable !== undefined)
    return new VitrineError({
      code: "format",
      at: path,
      expected: "an image that can be read",
      found: unreadable.replace(/\.$/, ""),
    });
  if (untold !== undefined) {
    const hint = "Import the folder that has the images as well, or say what names tell (--pattern)";
    return new VitrineError({
      code: "missing",
      at: path,
      expected: "images",
      found: `none: ${untold}`,
      hint,
    });
  }
  const hint =
    pattern === undefined
      ? "Say what they tell: --pattern '{plate}_{well}_{site}_{channel}.tif', or --table images.csv"
      : "A pattern matches the whole name, folders in front of it aside";
  const expected =
    pattern === undefined ? "names or metadata of a known microscope" : `files like ${pattern}`;
  return new VitrineError({
    code: "undeterminable",
    at: path,
    expected,
    found: `${files[0]} and the like`,
    hint,
  });
}
