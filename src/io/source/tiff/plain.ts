import { TAG } from "../../tiff/directory.ts";
import { type ImageJLines, isImageJ, parseImageJ, parseImageJMetadata } from "../../tiff/imagej.ts";
import { type MetaMorphTags, readMetaMorph } from "../../tiff/metaMorph.ts";
import { type PixelSides, readPixelSides } from "../../tiff/pixelSize.ts";
import type { TiffPlane, TiffReader } from "../../tiff/reader.ts";
import { slideChannel } from "../../tiff/slide.ts";
import { sourceAxis } from "../axes.ts";
import type { SourceChannel } from "../source.ts";
import { unitName } from "../units.ts";
import { lowerPage, lowerPages } from "./image.ts";
import { imageJScales } from "./imagejScales.ts";
import type { PlaneScale, TiffImagePlan } from "./plan.ts";
import type { PageGroup } from "./pyramid.ts";
import { shapedAxes } from "./shaped.ts";

/** Pixels from this size on are told in µm, smaller ones in Å. */
const SMALLEST_UM_A = 500;
const A_PER_UM = 1e4;

interface Group {
  readonly name: string;
  readonly group: PageGroup;
}

/** What both kinds of image have in common: planes one after another, counted in C order. */
async function planOf(
  reader: TiffReader,
  { name, group }: Group,
  rest: Omit<TiffImagePlan, "name" | "first" | "lower" | "withPlane" | "lowerPage" | "close">,
): Promise<TiffImagePlan> {
  const { planes, lower } = group;
  const first = { reader, plane: planes[0] };
  const numbers = new Map(lower && planes.map((plane, i) => [plane, i]));
  return {
    ...rest,
    name,
    first,
    lower: lower?.map(([page]) => page) ?? (await lowerPages(reader, planes[0].entry)),
    ...(group.slide?.factors && { factors: group.slide.factors }),
    withPlane: async (index, use) => {
      const plane = planes[index];
      return plane === undefined ? undefined : use({ reader, plane });
    },
    lowerPage: async (placed, level) =>
      lower?.[level - 1][numbers.get(placed.plane) ?? 0] ?? lowerPage(placed, level),
    close: async () => {},
  };
}

/** Pages alike of a plain file: `time`, or no axis for one alone; of slides heights (`z`) or channels. */
export async function planPages(reader: TiffReader, what: Group): Promise<TiffImagePlan> {
  const { planes, slide, isBeside } = what.group;
  const directory = await reader.directory(planes[0].entry);
  const description = await directory.text(TAG.description);
  const metaMorph = await readMetaMorph(reader.file, directory);
  const um = slide?.pixelUm ?? metaMorphUm(metaMorph);
  const sides =
    um === undefined ? await readPixelSides(directory) : ([um * A_PER_UM, um * A_PER_UM] as const);
  const [x, y] = plainScales(isBeside ? undefined : sides);
  const channels = slide?.program === "perkinelmer" ? await slideChannels(reader, planes) : [];
  const names = channels.flatMap(({ name }) => name ?? []);
  const values = names.length === planes.length ? { values: names } : {};
  const name = channels.length > 0 ? "channel" : slide === undefined ? "time" : "z";
  const { width, height, channels: samples } = planes[0].entry.page;
  const counted = { planes: planes.length, values: width * height * samples, name: what.name };
  const shaped = slide === undefined && !isBeside ? shapedAxes(description, counted) : undefined;
  const group = shaped ? { ...what.group, planes: shaped.order.map((plane) => planes[plane]) } : what.group;
  const pages = planes.length > 1 ? [{ axis: sourceAxis(name, values), count: planes.length, scale: 1 }] : [];
  return planOf(
    reader,
    { ...what, group },
    {
      outer: shaped?.outer ?? pages,
      y,
      x,
      channels,
      metadata: {
        ...(description !== "" && { ImageDescription: description }),
        ...(metaMorph && { MetaMorph: { ...metaMorph } }),
      },
      warnings: shaped?.warnings ?? [],
    },
  );
}

/** Without a unit it was never calibrated. */
function metaMorphUm({ xCalibration, calibrationUnits = "" }: MetaMorphTags = {}): number | undefined {
  const isUm = unitName(calibrationUnits) === "micrometer";
  return isUm && xCalibration !== undefined && xCalibration > 0 ? xCalibration : undefined;
}

async function slideChannels(reader: TiffReader, planes: readonly TiffPlane[]): Promise<SourceChannel[]> {
  const channels: SourceChannel[] = [];
  for (const { entry } of planes)
    channels.push(slideChannel(await (await reader.directory(entry)).text(TAG.description)));
  return channels;
}

/** Of columns and of rows, in one unit; sides that are alike but for rounding are one. */
function plainScales(sides: PixelSides | undefined): [x: PlaneScale, y: PlaneScale] {
  if (sides === undefined) return [{ scale: 1 }, { scale: 1 }];
  const [xA, yA] = sides;
  const isSquare = Math.abs(xA - yA) <= ROUNDED * Math.max(xA, yA);
  const unit = xA < SMALLEST_UM_A ? "angstrom" : "micrometer";
  const scale = (sideA: number) => (unit === "angstrom" ? sideA : Number((sideA / A_PER_UM).toPrecision(9)));
  return [
    { scale: scale(xA), unit },
    { scale: scale(isSquare ? xA : yA), unit },
  ];
}

/** Resolution tags are whole numbers or shares: sides that differ by less are written of one. */
const ROUNDED = 0.01;

/** A hyperstack of ImageJ: channels fastest, then slices, then frames; axes of length 1 are left out. */
export async function planImageJ(reader: TiffReader, what: Group): Promise<TiffImagePlan> {
  const { planes } = what.group;
  const directory = await reader.directory(planes[0].entry);
  const said = parseImageJ((await directory.descriptions()).find(isImageJ) ?? "");
  if (said === undefined) return planPages(reader, what);
  const warnings: string[] = [];
  const counts = hyperstack(said, { planes, name: what.name, warnings });
  const counted = await directory.numbers(TAG.imageJByteCounts);
  const extra = parseImageJMetadata(counted, await directory.bytes(TAG.imageJMetadata));
  const channels = channelsOf({ ...said, ...counts }, extra);
  const names = channels.map(({ name }) => name);
  const values = names.length > 0 && names.every((name) => name !== undefined) ? names : undefined;
  const { x, y, z, time } = await imageJScales(directory, said, { name: what.name, warnings });
  const outer = [
    { axis: sourceAxis("time", { unit: time.unit }), count: counts.frames, scale: time.scale },
    { axis: sourceAxis("channel", values && { values }), count: counts.channels, scale: 1 },
    { ...z, axis: sourceAxis("z", { unit: z.unit }), count: counts.slices },
  ];
  return planOf(
    reader,
    { ...what, group: { ...what.group, planes: canonical(planes, counts) } },
    {
      outer: outer.filter(({ count }) => count > 1),
      y,
      x,
      channels,
      metadata: { ImageJ: said.lines },
      warnings,
    },
  );
}

type Counts = Pick<ImageJLines, "channels" | "slices" | "frames">;

/** What the description says, unless the file has another number of planes. */
function hyperstack(
  said: ImageJLines,
  {
    planes,
    name,
    warnings,
  }: { readonly planes: readonly TiffPlane[]; readonly name: string; readonly warnings: string[] },
): Counts {
  const samples = planes[0].entry.page.channels;
  // the samples of a pixel are its channels
  const channels = samples > 1 && said.channels === samples ? 1 : said.channels;
  const { slices, frames } = said;
  if (channels * slices * frames === planes.length) return { channels, slices, frames };
  if (channels * slices * frames > 1) {
    const promised = `${channels} channels, ${slices} slices and ${frames} frames`;
    warnings.push(
      `${name}: its description promises ${promised}, ${planes.length} images are there: read along z`,
    );
  }
  return { channels: 1, slices: planes.length, frames: 1 };
}

/** Planes in the order time, channel, z. */
function canonical(planes: readonly TiffPlane[], { channels, slices, frames }: Counts): TiffPlane[] {
  const sorted: TiffPlane[] = [];
  for (let t = 0; t < frames; t++)
    for (let c = 0; c < channels; c++)
      for (let z = 0; z < slices; z++) sorted.push(planes[(t * slices + z) * channels + c]);
  return sorted;
}

function channelsOf(
  { channels, slices, frames, min, max }: Counts & Pick<ImageJLines, "min" | "max">,
  extra: ReturnType<typeof parseImageJMetadata>,
): SourceChannel[] {
  const { labels, ranges, colors } = extra;
  const names = Array.from({ length: channels }, (_, c) =>
    channelName(labels, { c, channels, planes: channels * slices * frames }),
  );
  const found = names.map((name, c): SourceChannel => {
    const [start, end] = ranges[c] ?? [min, max];
    return {
      ...(name !== undefined && { name }),
      ...(colors[c] !== undefined && { color: colors[c] }),
      ...(start !== undefined && end !== undefined && end > start && { window: { start, end } }),
    };
  });
  return found.some((channel) => Object.keys(channel).length > 0) ? found : [];
}

/** Labels belong to planes: they name a channel where all its planes have the same one, or there are no others. */
function channelName(
  labels: readonly string[],
  { c, channels, planes }: { readonly c: number; readonly channels: number; readonly planes: number },
): string | undefined {
  if (channels === 1 || (labels.length !== channels && labels.length !== planes)) return undefined;
  // Fiji puts `c:1/3 z:2/5 - ` before
  const own = labels
    .filter((_, i) => i % channels === c)
    .map((label) => label.replace(/^([ctz]:\d+\/\d+ )+- /, "").trim());
  return own[0] !== "" && own.every((label) => label === own[0]) ? own[0] : undefined;
}
