import { VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import { type Quaternion, quaternionFromMatrix, type Zyx } from "../molecules/quaternion.ts";

/** Turns the tomogram's vectors into those of an image that is seen along its z. @throws {VitrineError} range: axes that are parallel */
export function viewFrame(
  { xaxis, yaxis }: { readonly xaxis: Zyx; readonly yaxis: Zyx },
  onLog?: Log,
): Quaternion {
  const y = unit(yaxis);
  const along = dot(xaxis, y);
  const cosine = dot(unit(xaxis), y);
  if (Math.abs(cosine) > ORTHOGONAL)
    onLog?.(
      `simulateProjection view: xaxis and yaxis are ${((Math.acos(cosine) * 180) / Math.PI).toFixed(2)}° apart; xaxis is turned to be 90° from yaxis`,
      "warning",
    );
  const x = unit([xaxis[0] - along * y[0], xaxis[1] - along * y[1], xaxis[2] - along * y[2]]);
  // (z, y, x) rows in the order of the image's axes; of vectors whose components are z, y, x, z is y cross x as acryo has it.
  const z = cross(y, x);
  return quaternionFromMatrix([...z, ...y, ...x], "view");
}

/** The same of a specimen tilted about y. */
export function tiltFrame(degrees: number): Quaternion {
  const angle = (degrees * Math.PI) / 180;
  if (!Number.isFinite(angle))
    throw new VitrineError({ code: "range", at: "tilt", expected: "degrees", found: `${degrees}` });
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return quaternionFromMatrix([c, 0, -s, 0, 1, 0, s, 0, c], "tilt");
}

/** Cosines of rounding. */
const ORTHOGONAL = 1e-6;

function unit([a, b, c]: Zyx): Zyx {
  const length = Math.hypot(a, b, c);
  if (length > 1e-9) return [a / length, b / length, c / length];
  const expected = "two axes that are not parallel, of some length";
  throw new VitrineError({ code: "range", at: "view", expected, found: `[${[a, b, c]}]` });
}

function dot(a: Zyx, b: Zyx): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Zyx, b: Zyx): Zyx {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
