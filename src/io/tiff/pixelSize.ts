import { convertUnit, unitName } from "../source/units.ts";
import { TAG, type TiffDirectory } from "./directory.ts";
import { parseImageJ } from "./imagej.ts";

/** The units of the resolution tags. */
const RESOLUTION_UNITS: Readonly<Record<number, string>> = {
  2: "inch",
  3: "centimeter",
  // tifffile's, beyond TIFF 6.0
  4: "millimeter",
  5: "micrometer",
};

/** Pixels of 50 µm and more are those of a screen or printer: 72, 96 and 300 dots an inch are written where nobody knows. */
const LARGEST_A = 5e5;

/** Sides that differ by more than this are not one size. */
const LARGEST_DIFFERENCE = 0.01;

/** The sides of a pixel in Å, as {@link readPixelSize} looks for them; undefined where a file does not say both. */
export async function readPixelSides(directory: TiffDirectory): Promise<PixelSides | undefined> {
  const sides = await saidSides(directory);
  const isSaid = sides?.every((side) => side > 0 && side < LARGEST_A);
  return isSaid && sides ? [Number(sides[0].toPrecision(9)), Number(sides[1].toPrecision(9))] : undefined;
}

/**
 * The side of a pixel in Å as the first of these that says it: DigitalMicrograph's tags, OME's XML, ImageJ's description, the
 * resolution tags. Undefined where none does, or where pixels are not squares.
 */
export async function readPixelSize(directory: TiffDirectory): Promise<number | undefined> {
  const sides = await saidSides(directory);
  return sides === undefined ? undefined : oneSize(sides);
}

/** Of columns and of rows. */
export type PixelSides = readonly [xA: number, yA: number];

async function saidSides(directory: TiffDirectory): Promise<PixelSides | undefined> {
  const description = await directory.text(TAG.description);
  return (
    (await gatanSize(directory)) ??
    omeSize(description) ??
    (await resolutionSize(directory, imageJUnit(description)))
  );
}

function oneSize([xA, yA]: PixelSides): number | undefined {
  const isSquare = Math.abs(xA - yA) <= LARGEST_DIFFERENCE * Math.max(xA, yA);
  return isSquare && xA > 0 && xA < LARGEST_A ? Number(xA.toPrecision(9)) : undefined;
}

async function gatanSize(directory: TiffDirectory): Promise<PixelSides | undefined> {
  const unit = unitA(await directory.text(TAG.gatanUnit));
  const [x, y] = [await directory.number(TAG.gatanScale, 0), await directory.number(TAG.gatanScale + 1, 0)];
  return unit !== undefined && x > 0 ? [x * unit, (y > 0 ? y : x) * unit] : undefined;
}

function omeSize(description: string): PixelSides | undefined {
  if (!description.includes("<OME") && !description.includes(":OME")) return undefined;
  const side = (axis: string): number | undefined => {
    const size = attribute(description, `PhysicalSize${axis}`);
    const unit = unitA(attribute(description, `PhysicalSize${axis}Unit`) ?? "µm");
    return size === undefined || unit === undefined ? undefined : Number(size) * unit;
  };
  const [x, y] = [side("X"), side("Y")];
  return x === undefined ? undefined : [x, y ?? x];
}

function attribute(xml: string, name: string): string | undefined {
  return new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(xml)?.[1];
}

/** Å of ImageJ's unit; undefined for files of others. */
function imageJUnit(description: string): number | undefined {
  return unitA(parseImageJ(description)?.unit ?? "");
}

async function resolutionSize(
  directory: TiffDirectory,
  unit: number | undefined,
): Promise<PixelSides | undefined> {
  const unitSize = unit ?? unitA(RESOLUTION_UNITS[await directory.number(TAG.resolutionUnit, 2)] ?? "");
  const [x, y] = [await directory.number(TAG.xResolution, 0), await directory.number(TAG.yResolution, 0)];
  return unitSize !== undefined && x > 0 && y > 0 ? [unitSize / x, unitSize / y] : undefined;
}

/** Å of a unit that a program writes. */
function unitA(text: string): number | undefined {
  const name = unitName(text);
  return name === undefined ? undefined : convertUnit(1, name, "angstrom");
}
