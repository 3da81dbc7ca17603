/** Micro-Manager's files of one image: metadata.txt in the folder of each position. Source: Bio-Formats' MicromanagerReader. */
import { join } from "node:path";
import { z } from "zod";
import { counted, VitrineError } from "../../core/index.ts";
import { readText } from "../../io/index.ts";
import { baseOf, below, type Found, type FoundImage, folderOf } from "./found.ts";
import { affineOf, imagePosition, namedPosition, UNKNOWN_SIGN } from "./stage.ts";
import { presentImages, type Teller } from "./teller.ts";

/** Versions write the same as a number, as its text, or as nothing. */
const real = z.preprocess(
  (value) => (typeof value === "string" && value.trim() !== "" ? Number(value) : (value ?? undefined)),
  z.number().optional(),
);
const whole = z.preprocess((value) => value ?? undefined, z.coerce.number().int().min(0).optional());
/** What only describes an image must not cost it. */
const number = real.catch(undefined);
const text = z.string().nullish().catch(undefined);

/** What is used of a frame; the rest is the microscope's own. */
const frameSchema = z.object({
  FileName: z.string().optional(),
  Frame: whole,
  FrameIndex: whole,
  Slice: whole,
  SliceIndex: whole,
  Channel: text,
  ChannelIndex: whole,
  PositionName: text,
  PositionIndex: whole,
  XPositionUm: number,
  YPositionUm: number,
  PixelSizeUm: number,
  PixelSizeAffine: text,
  BitDepth: number,
});

type Frame = z.infer<typeof frameSchema>;

const summarySchema = z.object({
  ChNames: z.array(z.string()).optional().catch(undefined),
  PixelSize_um: number,
  Frames: number,
  Prefix: text,
});

/** All numbers count from 0; a series that was stopped ends in the middle of its last frame, up to which it is read. */
export async function readMicroManager(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const { value, isCut } = parseCut(await readText(join(folder.path, path)), path);
  const summary = summarySchema.safeParse(value.Summary).data ?? {};
  const records = Object.entries(value).map(([key, frame]) => frameOf(key, frame));
  const frames = records.filter((frame) => frame !== undefined && frame !== "malformed");
  if (frames.length === 0) return undefined;
  const malformed = records.filter((frame) => frame === "malformed").length;
  const around = folderOf(path);
  // each position has a folder; the plate is the acquisition's
  const isPosition = frames.some(({ PositionName: name }) => name === baseOf(around));
  const plate = options.plateOf(isPosition ? around : path);
  const pixelSizeUm = summary.PixelSize_um || frames[0].PixelSizeUm || undefined;
  const images = frames.flatMap((frame) => imageOf(frame, { around, plate, summary, pixelSizeUm }) ?? []);
  const { images: present, warnings } = presentImages(images, teller);
  const isUnsaid =
    images.some(({ positionUm }) => positionUm) &&
    !frames.some((frame) => affineOf(frame.PixelSizeAffine ?? undefined));
  const said = [
    ...(isCut ? [`${path} is cut off: the acquisition was stopped`] : []),
    ...(isUnsaid ? [UNKNOWN_SIGN] : []),
    ...(malformed > 0
      ? [`${path}: ${counted(malformed, "frame")} without whole numbers of time, channel or plane left out`]
      : []),
  ];
  const channels = images.flatMap(({ channel }, i) =>
    channel === undefined ? [] : [[channel, bitsOf(frames[i])] as const],
  );
  return {
    microscope: "Micro-Manager (metadata.txt)",
    images: present,
    tellers: [path],
    warnings: [...said, ...warnings],
    ...(pixelSizeUm !== undefined && { pixelSizeUm }),
    channels: Object.fromEntries(channels),
    planned: { timePoints: summary.Frames ?? 0 },
  };
}

function bitsOf({ BitDepth: bitDepth }: Frame) {
  return bitDepth !== undefined && bitDepth >= 1 && bitDepth <= 32 ? { bitDepth } : {};
}

const FROM_ZERO = ["tpoint", "zplane"] as const;

interface Around {
  readonly around: string;
  readonly plate: string;
  readonly summary: z.infer<typeof summarySchema>;
  readonly pixelSizeUm: number | undefined;
}

function imageOf(frame: Frame, { around, plate, summary, pixelSizeUm }: Around): FoundImage | undefined {
  const { FileName: file, ChannelIndex: c = 0, XPositionUm: xUm, YPositionUm: yUm } = frame;
  if (file === undefined) return undefined;
  const label = frame.PositionName ?? baseOf(around);
  const { well, site, grid } = namedPosition(label);
  const affine = { affine: frame.PixelSizeAffine ?? undefined, pixelSizeUm: pixelSizeUm ?? 1 };
  return {
    // files of version 2 name their folder as well
    path: below(around, file.startsWith(`${baseOf(around)}/`) ? baseOf(file) : file),
    plate,
    well: well ?? { rowIndex: 0, columnIndex: 0 },
    site: site ?? frame.PositionIndex ?? (grid === undefined ? 0 : Number.NaN),
    ...(grid !== undefined && { grid }),
    channel: frame.Channel || summary.ChNames?.[c] || `channel ${c}`,
    tpoint: frame.FrameIndex ?? frame.Frame ?? 0,
    zplane: frame.SliceIndex ?? frame.Slice ?? 0,
    fromZero: FROM_ZERO,
    ...(xUm !== undefined && yUm !== undefined && { positionUm: imagePosition({ xUm, yUm }, affine) }),
  };
}

/** `FrameKey-t-c-z` of version 1; `Metadata-folder/file` of version 2, which names its file in the key. */
function frameOf(key: string, value: unknown): Frame | "malformed" | undefined {
  const [, t, c, slice] = /^FrameKey-(\d+)-(\d+)-(\d+)$/.exec(key) ?? [];
  const [, named] = /^Metadata-(.+\.tiff?)$/i.exec(key) ?? [];
  if (t === undefined && named === undefined) return undefined;
  const frame = frameSchema.safeParse(value).data;
  if (frame === undefined) return "malformed";
  if (named !== undefined) return { FileName: named, ...frame };
  return { ...frame, FrameIndex: Number(t), ChannelIndex: Number(c), SliceIndex: Number(slice) };
}

/** JSON whose end may be missing. @throws {VitrineError} format: no JSON up to the first frame */
function parseCut(text: string, at: string): { value: Readonly<Record<string, unknown>>; isCut: boolean } {
  const ends = [text, ...cutsOf(text)];
  for (const [i, whole] of ends.entries()) {
    try {
      // what was never measured may be NaN, which JSON has not
      const value: unknown = JSON.parse(whole.replace(/(:\s*)-?(?:NaN|Infinity)(?=\s*[,}\]])/g, "$1null"));
      if (typeof value === "object" && value !== null) return { value: { ...value }, isCut: i > 0 };
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
  throw new VitrineError({ code: "format", at, expected: "JSON of Micro-Manager", found: "something else" });
}

/** The text up to the end of its last whole entries. */
function cutsOf(text: string): string[] {
  const ends = [...text.matchAll(/\n\s{0,2}\}/g)].slice(-3).reverse();
  return ends.flatMap(({ index, 0: end }) => {
    const whole = text.slice(0, index + end.length);
    return [`${whole}}`, whole];
  });
}
