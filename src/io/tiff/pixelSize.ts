import { TAG, type TiffDirectory } from "./directory.ts";

/** Å of the units that programs write, in lower case. */
const UNITS_A: Readonly<Record<string, number>> = {
  a: 1,
  å: 1,
  ang: 1,
  angstrom: 1,
  angstroms: 1,
  pm: 0.01,
  nm: 10,
  nanometer: 10,
  um: 1e4,
  µm: 1e4,
  μm: 1e4,
  "\\u00b5m": 1e4,
  micron: 1e4,
  microns: 1e4,
  micrometer: 1e4,
  mm: 1e7,
  cm: 1e8,
  m: 1e10,
  inch: 2.54e8,
};

/** Å of the units of the resolution tags: inch and centimetre. */
const RESOLUTION_UNITS_A: Readonly<Record<number, number>> = { 2: 2.54e8, 3: 1e8 };

/** Pixels of 50 µm and more are those of a screen or printer: 72, 96 and 300 dots an inch are written where nobody knows. */
const LARGEST_A = 5e5;

/** Sides that differ by more than this are not one size. */
const LARGEST_DIFFERENCE = 0.01;

/**
 * The side of a pixel in Å as the first of these that says it: DigitalMicrograph's tags, OME's XML, ImageJ's description, the
 * resolution tags. Undefined where none does, or where pixels are not squares.
 */
export async function readPixelSize(directory: TiffDirectory): Promise<number | undefined> {
  const description = await directory.text(TAG.description);
  const sizes =
    (await gatanSize(directory)) ??
    omeSize(description) ??
    (await resolutionSize(directory, imageJUnit(description)));
  return sizes === undefined ? undefined : oneSize(sizes);
}

type Sides = readonly [xA: number, yA: number];

function oneSize([xA, yA]: Sides): number | undefined {
  const isSquare = Math.abs(xA - yA) <= LARGEST_DIFFERENCE * Math.max(xA, yA);
  return isSquare && xA > 0 && xA < LARGEST_A ? Number(xA.toPrecision(9)) : undefined;
}

async function gatanSize(directory: TiffDirectory): Promise<Sides | undefined> {
  const unit = unitA(await directory.text(TAG.gatanUnit));
  const [x, y] = [await directory.number(TAG.gatanScale, 0), await directory.number(TAG.gatanScale + 1, 0)];
  return unit !== undefined && x > 0 ? [x * unit, (y > 0 ? y : x) * unit] : undefined;
}

function omeSize(description: string): Sides | undefined {
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
  return description.startsWith("ImageJ=") ? unitA(/^unit=(.*)$/m.exec(description)?.[1] ?? "") : undefined;
}

async function resolutionSize(
  directory: TiffDirectory,
  unit: number | undefined,
): Promise<Sides | undefined> {
  const unitSize = unit ?? RESOLUTION_UNITS_A[await directory.number(TAG.resolutionUnit, 2)];
  const [x, y] = [await directory.number(TAG.xResolution, 0), await directory.number(TAG.yResolution, 0)];
  return unitSize !== undefined && x > 0 && y > 0 ? [unitSize / x, unitSize / y] : undefined;
}

function unitA(text: string): number | undefined {
  return UNITS_A[text.trim().toLowerCase()];
}
