import { type Command, InvalidArgumentError, Option } from "commander";
import { progressTeller } from "../core/index.ts";
import {
  type ConvertFormat,
  type ConvertOptions,
  type ConvertReport,
  convertCollection,
  convertDataset,
  type OmeZarrCompression,
} from "../io/index.ts";
import { convertParticles } from "../match/index.ts";
import type { Log } from "../program/index.ts";
import { convertDeepZoom, isLayer, openAny } from "./convertDeepZoom.ts";
import {
  addMoleculeOptions,
  convertMolecules,
  isMoleculeConversion,
  type MoleculeArguments,
} from "./convertMolecules.ts";
import { type IdleRule, tellIdle } from "./idle.ts";
import { axisNames, colorList, percentPair, place, projection, rangePair } from "./imageOptions.ts";
import {
  addTiffRows,
  count,
  example,
  positive,
  quality,
  type TiffArguments,
  toTiffOptions,
} from "./options.ts";
import { report } from "./report.ts";

interface ConvertArguments extends TiffArguments, MoleculeArguments {
  readonly format?: ConvertFormat | "deepzoom";
  readonly quality?: number;
  readonly compression: OmeZarrCompression;
  readonly zarrVersion?: "0.4" | "0.5";
  readonly shard?: number;
  readonly levels?: number;
  readonly image?: string;
  readonly level?: number;
  readonly at?: Readonly<Record<string, string>>;
  readonly project?: ReturnType<typeof projection>;
  readonly montage?: readonly string[];
  readonly panels?: number;
  readonly bits?: 8 | 16;
  readonly contrast?: readonly [number, number] | "file";
  readonly range?: readonly [number, number];
  readonly colors?: readonly string[];
  readonly maxSize?: number;
  readonly zoom?: number;
  readonly scaleBar: boolean;
  readonly labels: boolean;
  readonly templateSize?: number;
  readonly pixelSize?: number;
  readonly full?: boolean;
  readonly invertY?: boolean;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** Adds `vitrine convert IN OUT`. */
export function addConvert(cli: Command): void {
  const command = cli
    .command("convert")
    .addHelpText("after", example("convert data/run_1 run.zarr --compression zstd"))
    .addHelpText("after", example("convert run.zarr run.png --project z:max --at time=3"))
    .description("write images, or a table of particles, as another format, or draw them")
    .argument(
      "<in>",
      "NDTiff folder, OME-Zarr store, MRC, TIFF or .npy file, a layer (.pmtiles); particles as .csv, .star, .h5 or cryoSPARC's .cs; molecules of tomograms as .csv, .star, .tbl, .em or .json",
    )
    .argument(
      "<out>",
      "its ending tells the format: .zarr, .mrc, .ome.tif, .tif, .npy, .png, .dzi, .star, .csv, .h5, .tbl, .em, .json; NDTiff needs --format",
    )
    .addOption(
      new Option("--format <format>", "what OUT becomes").choices([
        "ndtiff",
        "ome-zarr",
        "mrc",
        "ome-tiff",
        "tiff",
        "npy",
        "png",
        "deepzoom",
      ]),
    )
    .addOption(
      new Option("--compression <method>", "of OME-Zarr; blosc is LZ4 after a shuffle")
        .choices(["none", "zstd", "gzip", "blosc"])
        .default("none"),
    )
    .addOption(
      new Option("--zarr-version <version>", "of OME-Zarr: 0.4 is Zarr 2, 0.5 Zarr 3").choices([
        "0.4",
        "0.5",
      ]),
    )
    .option(
      "--shard <px>",
      "OME-Zarr 0.5: chunks of so many pixels a side become one file, a multiple of 512",
      shard,
    )
    .option("--levels <n>", "OME-Zarr: how many; default: until both sides are at most 256", count)
    .option("--image <name>", "which series, field, well or label image, of a file that holds several")
    .option("--level <n>", "which resolution (0 is the full one)", level)
    .option(
      "--bits <n>",
      "8 or 16: unsigned integers; values that do not fit are spread from --range, else from all that the file's integers can be",
      bitCount,
    )
    .option("--at <axis=place,...>", "one place on axes, by value or index: z=12,t=0,c=DAPI", place);
  addMoleculeOptions(addTiffRows(addPictureOptions(command)))
    .option(
      "--pixel-size <Å>",
      "of the micrographs, in place of what a STAR file of particles says; of a picture (PNG), for its scale bar",
      positive,
    )
    .option("--template-size <px>", "side of the template, for pos_x and pos_y of particles of RELION", count)
    .option(
      "--full",
      "with .star: write scores, maps and all else that RELION does not know, too, as vitrine_*; the way back then loses nothing",
    )
    .option(
      "--invert-y",
      "with .cs: count y from the other side, as micrographs of MotionCor2 and RELION need it",
    )
    .option("--overwrite", "replace OUT if it is there")
    .option("--json", "print the result as JSON")
    .action(async (from: string, to: string, args: ConvertArguments) => {
      if (args.shard !== undefined && args.zarrVersion === "0.4")
        command.error("error: option --shard needs --zarr-version 0.5, since 0.4 has no shards");
      if (await isMoleculeConversion(from, args)) return convertMolecules(from, to, args);
      const tell = tellerOf(command, { ...args, from, to });
      if (isTable(to)) return convertTable({ from, to, args, tell });
      const { format, ...rest } = args;
      if (isDeepZoom({ ...args, from, to })) return convertDeepZoom({ from, to, args: rest, tell });
      const images = { ...rest, ...(format !== undefined && format !== "deepzoom" && { format }) };
      return convertImages({ from, to, args: images, tell });
    });
}

function addPictureOptions(command: Command): Command {
  return command
    .option(
      "--project <axis:how>",
      "PNG: join the planes of an axis by max, mean, min or sum: z:max",
      projection,
    )
    .option(
      "--montage <axes>",
      "PNG: planes of an axis side by side; of two axes as rows and columns",
      axisNames,
    )
    .option("--panels <n>", "PNG: most planes of a montage (64)", count)
    .option(
      "--contrast <low,high>",
      "PNG, DeepZoom: per cent of values that are black and full (0.1,99.9); file: what the file shows, or its bits",
      percentPair,
    )
    .option(
      "--range <low,high>",
      "PNG, DeepZoom: values that are black and full; with --bits those that become 0 and the highest",
      rangePair,
    )
    .option("--quality <n>", "DeepZoom: of JPEG, 1 to 100 (95)", quality)
    .option("--colors <rrggbb,...>", "PNG: a colour a channel", colorList)
    .option("--max-size <px>", "PNG: most pixels of the longer side (2048)", count)
    .option("--zoom <n>", "PNG: screen pixels a pixel (1)", count)
    .option("--no-scale-bar", "PNG: without a scale bar")
    .option("--no-labels", "PNG: without names on the panels of a montage");
}

function shard(text: string): number {
  const value = Number(text);
  if (value > 0 && value % 512 === 0) return value;
  throw new InvalidArgumentError("Expected a multiple of 512.");
}

function bitCount(text: string): 8 | 16 {
  if (text === "8" || text === "16") return Number(text) === 8 ? 8 : 16;
  throw new InvalidArgumentError("Expected 8 or 16.");
}

function level(text: string): number {
  return text === "0" ? 0 : count(text);
}

function isTable(path: string): boolean {
  return /\.(star|csv|h5|hdf5?)$/i.test(path);
}

/** A conversion as it was asked for. */
interface Conversion {
  readonly from: string;
  readonly to: string;
  readonly args: Omit<ConvertArguments, "format"> & { readonly format?: ConvertFormat };
  /** Says which options do nothing. */
  readonly tell: (onLog: Log) => void;
}

type Asked = ConvertArguments & Pick<Conversion, "from" | "to">;
type Tables = Omit<Conversion, "args"> & { readonly args: ConvertArguments };

const IMAGE_OPTIONS = ["format", "image", "level", "at", "tiffRows"] as const;
const ZARR_OPTIONS = ["compression", "zarrVersion", "shard", "levels"] as const;
const PICTURE_OPTIONS = [
  ...(["project", "montage", "panels", "colors", "maxSize", "zoom"] as const),
  ...(["scaleBar", "labels"] as const),
];
const isFormat = ({ format, to }: Asked, name: NonNullable<ConvertArguments["format"]>, ending: RegExp) =>
  format === undefined ? ending.test(to) : format === name;
const isPicture = (asked: Asked) => isFormat(asked, "png", /\.png$/i);
const isDeepZoom = (asked: Asked) => isFormat(asked, "deepzoom", /\.dzi$/i);
const isZarr = (asked: Asked) => isFormat(asked, "ome-zarr", /\.zarr[/\\]*$/i);

const RULES: readonly IdleRule<Asked>[] = [
  {
    options: [...IMAGE_OPTIONS, ...ZARR_OPTIONS, ...PICTURE_OPTIONS, "contrast", "range", "quality"],
    isIdle: ({ to }) => isTable(to),
    why: "on a table of particles",
  },
  { options: ["templateSize", "full", "invertY"], isIdle: ({ to }) => !isTable(to), why: "on images" },
  {
    options: ["pixelSize"],
    isIdle: (asked) => !isTable(asked.to) && !(isPicture(asked) && asked.scaleBar),
    why: "but on particles and on the scale bar of a picture (.png)",
  },
  { options: PICTURE_OPTIONS, isIdle: (asked) => !isPicture(asked), why: "but on a picture (.png)" },
  {
    options: ["contrast"],
    isIdle: (asked) => !isPicture(asked) && !isDeepZoom(asked),
    why: "but on a picture (.png) or DeepZoom (.dzi)",
  },
  {
    options: ["range"],
    isIdle: (asked) => !isPicture(asked) && !isDeepZoom(asked) && asked.bits === undefined,
    why: "but on a picture (.png) or DeepZoom (.dzi)",
  },
  { options: ["quality"], isIdle: (asked) => !isDeepZoom(asked), why: "but on DeepZoom (.dzi)" },
  { options: ["tiffRows"], isIdle: isDeepZoom, why: "on DeepZoom" },
  { options: ZARR_OPTIONS, isIdle: (asked) => !isZarr(asked), why: "but on OME-Zarr (.zarr)" },
  { options: ["panels"], isIdle: ({ montage }) => montage === undefined, why: "without --montage" },
  { options: ["labels"], isIdle: ({ montage }) => montage === undefined, why: "without --montage" },
  { options: ["full"], isIdle: ({ to }) => !/\.star$/i.test(to), why: "but on a STAR file (.star)" },
  {
    options: ["invertY"],
    isIdle: ({ from }) => !/\.cs$/i.test(from),
    why: "but on particles of cryoSPARC (.cs)",
  },
  {
    options: ["pixelSize", "templateSize"],
    isIdle: ({ from, to }) => isTable(to) && !/\.(star|cs)(\.gz)?$/i.test(from),
    why: "but on particles of RELION or cryoSPARC (.star, .cs)",
  },
];

function tellerOf(command: Command, args: Asked): Conversion["tell"] {
  return (onLog) => tellIdle(command, RULES, { args, onLog });
}

function convertImages({ from, to, args, tell: tellOptions }: Conversion): Promise<void> {
  const { json = false } = args;
  return report({ json, text: imagesText }, async ({ signal, onProgress, onLog }) => {
    tellOptions(onLog);
    const tell = progressTeller(onProgress, { unit: "images" });
    const options: ConvertOptions = {
      ...convertOptions({ from, to, args }),
      ...{ signal, onLog },
      onProgress: ({ done, total }) => tell(done, total),
    };
    const converted = isLayer(from)
      ? await convertLayer(from, to, options)
      : await convertDataset(from, to, options);
    if (converted.filled > 0)
      onLog(`${from}: zeros in the place of ${converted.filled} missing images`, "warning");
    return { ...converted, path: to };
  });
}

async function convertLayer(from: string, to: string, options: ConvertOptions): Promise<ConvertReport> {
  await using images = await openAny(from);
  return await convertCollection(images, to, options);
}

function convertOptions({ from, to, args }: Omit<Conversion, "tell">): ConvertOptions {
  const { format, compression, image, level, at, bits, overwrite = false } = args;
  const { project, montage, panels, contrast, range, colors, maxSize, zoom, scaleBar, labels, pixelSize } =
    args;
  return {
    ...toTiffOptions(args),
    ...{ compression, overwrite },
    ...(format !== undefined && { format }),
    ...(image !== undefined && { image }),
    ...(level !== undefined && { level }),
    ...(at !== undefined && { at }),
    ...(bits !== undefined && { bits, ...(range !== undefined && { range }) }),
    ...(isZarr({ ...args, from, to }) && zarrLayout(args)),
    picture: {
      ...{ scaleBar, labels },
      ...(project !== undefined && { project }),
      ...(montage !== undefined && { montage }),
      ...(panels !== undefined && { panels }),
      ...(contrast !== undefined && { contrast }),
      ...(range !== undefined && { range }),
      ...(colors !== undefined && { colors }),
      ...(maxSize !== undefined && { maxSize }),
      ...(zoom !== undefined && { zoom }),
      ...(pixelSize !== undefined && { pixelSizeA: pixelSize }),
    },
  };
}

function zarrLayout({ zarrVersion, shard, levels }: ConvertArguments): Pick<ConvertOptions, "zarr"> {
  const zarr = {
    ...(zarrVersion !== undefined && { version: zarrVersion }),
    ...(shard !== undefined && { shardPx: shard }),
    ...(levels !== undefined && { levels }),
  };
  return Object.keys(zarr).length === 0 ? {} : { zarr };
}

function imagesText(converted: ConvertReport & { readonly path: string }): string {
  const { images, to, filled, path, picture } = converted;
  if (picture !== undefined) return pictureText(path, picture);
  const gaps = filled === 0 ? "" : `, ${filled} missing ones as zeros`;
  return `wrote ${path}: ${images} image${images === 1 ? "" : "s"} as ${to}${gaps}\n`;
}

function pictureText(path: string, picture: NonNullable<ConvertReport["picture"]>): string {
  const { width, height, level, shrunk, shown } = picture;
  const channels = shown.map(
    ({ name, range }) => `${name === "" ? "values" : name} ${range.map(short).join(" to ")}`,
  );
  const made = [
    ...(level > 0 ? [`level ${level}`] : []),
    ...(shrunk > 1 ? [`shrunk ${shrunk} times`] : []),
    ...channels,
  ];
  return `wrote ${path}: ${width} x ${height} px${made.length === 0 ? "" : `, ${made.join(", ")}`}\n`;
}

function short(value: number): string {
  return String(Number(value.toPrecision(6)));
}

function convertTable({ from, to, args, tell }: Tables): Promise<void> {
  const { overwrite = false, full = false, invertY = false, templateSize, pixelSize, json = false } = args;
  const options = {
    overwrite,
    full,
    invertY,
    ...(templateSize !== undefined && { templateSize }),
    ...(pixelSize !== undefined && { pixelSizeA: pixelSize }),
  };
  const text = ({ particles }: { readonly particles: number }) =>
    `wrote ${to}: ${particles} particle${particles === 1 ? "" : "s"}\n`;
  return report({ json, text }, async ({ onLog }) => {
    tell(onLog);
    return { path: to, particles: await convertParticles(from, to, { ...options, onLog }) };
  });
}
