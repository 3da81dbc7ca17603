import { TAG, type TiffDirectory } from "../../tiff/directory.ts";
import type { ImageJLines } from "../../tiff/imagej.ts";
import { convertUnit, unitName } from "../units.ts";
import type { PlaneScale } from "./plan.ts";

interface Told {
  readonly name: string;
  readonly warnings: string[];
}

/** Words of ImageJ for what was never calibrated. */
const NO_UNITS = ["", "pixel", "pixels"];

/**
 * Steps and places of a hyperstack's axes, in the units of its description; pixels of ImageJ lie at (number - origin) x step.
 *
 * Source: ij.io.FileSaver (lines `unit`, `yunit`, `zunit`, `tunit`, `xorigin`); ij.measure.Calibration.getX.
 */
export async function imageJScales(
  directory: TiffDirectory,
  said: ImageJLines,
  told: Told,
): Promise<Readonly<Record<"x" | "y" | "z" | "time", PlaneScale>>> {
  const { unit = "", yUnit = unit, zUnit = unit, origin, calibration } = said;
  const known = new Map([...new Set([unit, yUnit, zUnit])].map((word) => [word, lengthUnit(word, told)]));
  const depth = Math.abs(said.spacing || 1);
  const along = async (tag: number, word: string, start: number) => {
    const perUnit = await directory.number(tag, 0);
    return scaleOf(perUnit > 0 ? Number((1 / perUnit).toPrecision(9)) : undefined, known.get(word), start);
  };
  if (calibration !== undefined) {
    const words = `ImageJ's calibration of values (${calibration}) is left out: values are as they are stored`;
    told.warnings.push(`${told.name}: ${words}`);
  }
  return {
    x: await along(TAG.xResolution, unit, origin.x),
    y: await along(TAG.yResolution, yUnit, origin.y),
    // between slices, in pixels where nobody calibrated
    z: said.spacing && known.get(zUnit) ? scaleOf(depth, known.get(zUnit), origin.z) : { scale: depth },
    time: timeScale(said, told),
  };
}

function scaleOf(step: number | undefined, unit: string | undefined, origin: number): PlaneScale {
  if (step === undefined || !Number.isFinite(step) || unit === undefined) return { scale: 1 };
  return { scale: step, unit, ...(origin !== 0 && { start: Number((-origin * step).toPrecision(12)) }) };
}

function lengthUnit(word: string, { name, warnings }: Told): string | undefined {
  const unit = unitName(word);
  if (unit !== undefined && convertUnit(1, unit, "meter") !== undefined) return unit;
  if (!NO_UNITS.includes(word.toLowerCase()))
    warnings.push(
      `${name}: its unit ${JSON.stringify(word)} is no unit of length that is known: sizes in it are left out`,
    );
  return undefined;
}

function timeScale({ interval, timeUnit = "sec" }: ImageJLines, { name, warnings }: Told): PlaneScale {
  if (interval === undefined) return { scale: 1 };
  const unit = unitName(timeUnit);
  const seconds = unit === undefined ? undefined : convertUnit(interval, unit, "second");
  if (seconds !== undefined) return { scale: Number(seconds.toPrecision(12)), unit: "second" };
  warnings.push(
    `${name}: its tunit ${JSON.stringify(timeUnit)} is no unit of time that is known: finterval is left out`,
  );
  return { scale: 1 };
}
