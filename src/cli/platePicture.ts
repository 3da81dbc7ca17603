import type { Command } from "commander";
import { counted } from "../core/index.ts";
import type { Experiment } from "../experiment/index.ts";
import { encodePng, refuseOtherPicture, writeFileAtomic } from "../io/index.ts";
import { drawPlate, type PlatePicture } from "../pyramid/index.ts";
import type { IdleRule } from "./idle.ts";
import { colorList, percentPair } from "./imageOptions.ts";
import { count, notNegative } from "./options.ts";
import type { CommandTools } from "./report.ts";

/** Options of pictures of plates. */
export interface PlatePictureArguments {
  readonly picture?: string;
  readonly plate?: string;
  readonly channel?: readonly string[];
  readonly tpoint?: number;
  readonly zplane?: number;
  readonly contrast?: readonly [number, number] | "file";
  readonly colors?: readonly string[];
  readonly maxSize?: number;
  readonly overwrite?: boolean;
}

/** A picture that was written. */
export interface WrittenPicture
  extends Pick<PlatePicture, "plate" | "shown" | "wells" | "missing" | "width" | "height"> {
  readonly path: string;
}

/** Adds `--picture` and what goes with it. */
export function addPlatePicture(command: Command): Command {
  return command
    .hook("preAction", (drawn) => refuseOtherPicture(drawn.opts<PlatePictureArguments>().picture))
    .option(
      "--picture <file.png>",
      "draw the plate: wells in place, one contrast a channel, missing wells and sites marked; a file a plate where there are several",
    )
    .option("--plate <name>", "with --picture: this plate alone")
    .option("--channel <name>", "with --picture: this channel; may be repeated", collected)
    .option("--tpoint <n>", "with --picture: time point, from 0 (the first that has images)", notNegative)
    .option("--zplane <n>", "with --picture: z plane, from 0 (the middle one)", notNegative)
    .option(
      "--contrast <low,high>",
      "with --picture: per cent of values that are black and full (0.1,99.9)",
      percentPair,
    )
    .option("--colors <rrggbb,...>", "with --picture: a colour a channel", colorList)
    .option("--max-size <px>", "with --picture: most pixels of the longer side (2048)", count)
    .option("--overwrite", "with --picture: replace the file if it is there");
}

/** Says which of them do nothing without `--picture`. */
export const PICTURE_RULES: readonly IdleRule<PlatePictureArguments>[] = [
  {
    options: ["plate", "channel", "tpoint", "zplane", "contrast", "colors", "maxSize", "overwrite"],
    isIdle: ({ picture }) => picture === undefined,
    why: "without --picture",
  },
];

/** Draws the plates that are asked for; none without `--picture`. */
export async function writePlatePictures(
  experiment: Experiment,
  args: PlatePictureArguments,
  { signal, onLog, onProgress }: CommandTools,
): Promise<WrittenPicture[]> {
  const { picture, plate, channel, tpoint, zplane, contrast, colors, maxSize, overwrite = false } = args;
  if (picture === undefined) return [];
  const rows = await experiment.query.selectFrom("plates").select("name").orderBy("id").execute();
  const plates = plate === undefined ? rows.map(({ name }) => name) : [plate];
  const written: WrittenPicture[] = [];
  const paths = picturePaths(picture, plates);
  for (const [i, name] of (plates.length === 0 ? [undefined] : plates).entries()) {
    const began = performance.now();
    const drawn = await drawPlate(experiment, {
      ...{ signal, onLog, ...(name !== undefined && { plate: name }) },
      ...(channel !== undefined && { channels: channel }),
      ...(tpoint !== undefined && { tpoint }),
      ...(zplane !== undefined && { zplane }),
      ...(contrast !== undefined && contrast !== "file" && { contrast }),
      ...(colors !== undefined && { colors }),
      ...(maxSize !== undefined && { maxSize }),
      onProgress: ({ done, total }) =>
        onProgress({
          done,
          total,
          unit: "wells",
          rate: (1000 * done) / Math.max(1, performance.now() - began),
        }),
    });
    const path = paths[i];
    await writeFileAtomic(path, encodePng(drawn), { overwrite });
    const { missing, shown, wells, width, height } = drawn;
    if (missing.length > 0)
      onLog(
        `${drawn.plate}: ${missing.length === 1 ? "a site is" : `${missing.length} sites are`} marked as missing: ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ", …" : ""}`,
        "warning",
      );
    written.push({ path, plate: drawn.plate, shown, wells, missing, width, height });
  }
  return written;
}

/** One file a plate: letters of any script stay, and no two plates have the same, whatever a disk thinks of capitals. */
export function picturePaths(picture: string, plates: readonly string[]): string[] {
  if (plates.length < 2) return [picture];
  const taken = new Set<string>();
  return plates.map((plate) => {
    const name = plate.normalize().replace(/[^\p{L}\p{N}_-]+/gu, "_");
    let own = name;
    for (let i = 2; taken.has(own.toLowerCase()); i++) own = `${name}-${i}`;
    taken.add(own.toLowerCase());
    return picture.replace(/(\.png)?$/i, `-${own}.png`);
  });
}

/** A line a picture. */
export function picturesText(pictures: readonly WrittenPicture[]): string {
  return pictures
    .map(({ path, plate, wells, width, height, shown }) => {
      const channels = shown.map(({ name, range }) => `${name} ${range.map(Math.round).join(" to ")}`);
      return `wrote ${path}: plate ${plate}, ${counted(wells, "well")}, ${width} x ${height} px, ${channels.join(", ")}\n`;
    })
    .join("");
}

function collected(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}
