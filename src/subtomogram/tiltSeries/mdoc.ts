import { VitrineError } from "../../core/index.ts";
import { readText } from "../../io/index.ts";

/** An image of a tilt series as SerialEM wrote it down. */
export interface MdocTilt {
  /** Section of the stack, from 0: ZValue. */
  readonly section: number;
  readonly tiltDeg: number;
  /** Electrons/Å² of this image. */
  readonly dosePerA2: number;
  /** Electrons/Å² before it, by the times at which the images were taken. */
  readonly preExposurePerA2: number;
  readonly subFramePath?: string;
}

/** What a `.mdoc` says of a tilt series. */
export interface Mdoc {
  /** Å; 0 where it is not said. */
  readonly pixelSizeA: number;
  readonly voltageKv?: number;
  /** Of the tilt axis, with its sign: -88.7 and 91.3 are one line and two hands. */
  readonly axisDeg?: number;
  /** In the order of the stack. */
  readonly tilts: readonly MdocTilt[];
  /** What it does not say, and what was taken for granted in its place. */
  readonly warnings: readonly string[];
}

/** Reads SerialEM's `.mdoc`. @throws {VitrineError} format: no sections, an image without an angle; missing, storage: the file */
export async function readMdoc(path: string): Promise<Mdoc> {
  return parseMdoc(await readText(path), path);
}

/** As {@link readMdoc}, of a text. */
export function parseMdoc(text: string, at: string): Mdoc {
  const [head, ...sections] = text.split(/^\s*\[ZValue\s*=\s*/m);
  if (sections.length === 0)
    throw new VitrineError({ code: "format", at, expected: "[ZValue = …]", found: "none" });
  const axis = /Tilt axis angle\s*=\s*([+-]?\d+(?:\.\d*)?)/i.exec(head)?.[1];
  const voltage = valuesOf(head).get("Voltage");
  const images = sections.map((section, i) => imageOf(section, `${at} section ${i}`));
  return {
    warnings: gapsOf(images, at),
    pixelSizeA: Number(valuesOf(head).get("PixelSpacing") ?? 0),
    ...(voltage !== undefined && { voltageKv: Number(voltage) }),
    ...(axis !== undefined && { axisDeg: Number(axis) }),
    tilts: withPreExposures(images),
  };
}

function valuesOf(text: string): Map<string, string> {
  const lines = text.split(/\r?\n/).map((line) => /^\s*(\w+)\s*=\s*(.*?)\s*$/.exec(line));
  return new Map(lines.filter((match) => match !== null).map(([, name, value]) => [name, value]));
}

type Image = Omit<MdocTilt, "preExposurePerA2"> & { readonly time: number };

function imageOf(text: string, at: string): Image {
  const values = valuesOf(text);
  const [section, tiltDeg] = [Number.parseInt(text, 10), Number(values.get("TiltAngle"))];
  if (!Number.isInteger(section) || !Number.isFinite(tiltDeg))
    throw new VitrineError({
      code: "format",
      at,
      expected: "a ZValue and a TiltAngle",
      found: JSON.stringify(text.slice(0, 40)),
    });
  const subFramePath = values.get("SubFramePath");
  const dosePerA2 = Number(values.get("ExposureDose") ?? 0);
  if (!(Number.isFinite(dosePerA2) && dosePerA2 >= 0))
    throw new VitrineError({
      code: "format",
      at: `${at} ExposureDose`,
      expected: "electrons/Å² from 0",
      found: JSON.stringify(values.get("ExposureDose")),
    });
  const time = timeOf(values.get("DateTime") ?? "");
  return { section, tiltDeg, dosePerA2, time, ...(subFramePath !== undefined && { subFramePath }) };
}

/** `28-Nov-24  14:03:22` or `2024-Nov-28  14:03:22`, milliseconds; NaN of another text. */
function timeOf(text: string): number {
  const match = /^(\d+)-(\w{3})-(\d+)\s+(\d+):(\d+):(\d+(?:\.\d+)?)/.exec(text);
  if (match === null) return Number.NaN;
  const [, a, month, b, ...clock] = match;
  const [year, day] = a.length === 4 ? [a, b] : [b.length === 2 ? `20${b}` : b, a];
  const place = "janfebmaraprmayjunjulaugsepoctnovdec".indexOf(month.toLowerCase()) / 3;
  const [hours, minutes, seconds] = clock.map(Number);
  return Date.UTC(Number(year), place, Number(day), hours, minutes) + 1000 * seconds;
}

function gapsOf(images: readonly Image[], at: string): readonly string[] {
  const count = images.length;
  const dark = images.filter(({ dosePerA2 }) => dosePerA2 === 0).length;
  const timeless = images.filter(({ time }) => !Number.isFinite(time)).length;
  return [
    ...(dark === 0 ? [] : [`${at}: ${dark} of ${count} sections say no ExposureDose, which counts as 0`]),
    // Of doses that are not known the order says nothing.
    ...(timeless === 0 || dark === count
      ? []
      : [
          `${at}: ${timeless} of ${count} sections say no DateTime; images are taken to be exposed in the order of their sections`,
        ]),
  ];
}

/** Sums of what was taken before; without times the order of the sections is that of the exposures. */
function withPreExposures(images: readonly Image[]): readonly MdocTilt[] {
  const hasTimes = images.every(({ time }) => Number.isFinite(time));
  const order = images
    .map((_, i) => i)
    .sort(
      (a, b) => (hasTimes ? images[a].time - images[b].time : images[a].section - images[b].section) || a - b,
    );
  const before = new Array<number>(images.length).fill(0);
  order.reduce((sum, i) => {
    before[i] = sum;
    return sum + images[i].dosePerA2;
  }, 0);
  return images.map(({ time: _, ...image }, i) => ({ ...image, preExposurePerA2: before[i] }));
}
