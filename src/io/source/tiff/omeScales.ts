import type { OmeImage, OmePlace, OmeQuantity } from "../../tiff/ome/model.ts";
import { sourceAxis } from "../axes.ts";
import { convertUnit, unitName } from "../units.ts";
import type { PlaneScale, TiffImagePlan } from "./plan.ts";

interface Told {
  readonly name: string;
  readonly warnings: string[];
}

/** Axes, steps and places of an image of OME-XML: the first pixel lies where the stage was for its plane. */
export function omeScales(
  image: OmeImage,
  { channels, ...told }: Told & { readonly channels: number },
): Pick<TiffImagePlan, "outer" | "y" | "x"> {
  const scale = (quantity: OmeQuantity | undefined, what: string) => scaleOf(quantity, { what, ...told });
  const [x, y] = [scale(image.physicalX, "PhysicalSizeX"), scale(image.physicalY, "PhysicalSizeY")];
  const z = scale(image.physicalZ, "PhysicalSizeZ");
  const time = scale(image.timeIncrement, "TimeIncrement");
  const starts = placesOf(image, { x, y, z }, told);
  const names = image.channels.slice(0, channels).flatMap(({ name }) => name ?? []);
  const values = names.length === channels ? names : undefined;
  const outer = [
    { axis: sourceAxis("time", { unit: time.unit }), count: image.sizeT, scale: time.scale },
    { axis: sourceAxis("channel", values && { values }), count: channels, scale: 1 },
    { axis: sourceAxis("z", { unit: z.unit }), count: image.sizeZ, scale: z.scale, start: starts.z },
  ];
  return {
    outer: outer.filter(({ count }) => count > 1),
    y: { ...y, start: starts.y },
    x: { ...x, start: starts.x },
  };
}

function scaleOf(
  quantity: OmeQuantity | undefined,
  { what, name, warnings }: Told & { readonly what: string },
): PlaneScale {
  if (quantity === undefined) return { scale: 1 };
  const { value, unit } = quantity;
  if (!(value > 0)) {
    warnings.push(`${name}: ${what} is ${value}, which is no distance; it is left out`);
    return { scale: 1 };
  }
  const known = unitName(unit);
  if (known === undefined) warnings.push(`${name}: the unit ${JSON.stringify(unit)} of ${what} is not known`);
  return { scale: value, ...(known !== undefined && { unit: known }) };
}

type Sides = Readonly<Record<"x" | "y" | "z", PlaneScale>>;

/** Where the first plane was taken, in the axes' units. */
function placesOf({ places }: OmeImage, sides: Sides, told: Told): Readonly<Record<"x" | "y" | "z", number>> {
  const at = (side: "x" | "y" | "z", of: readonly OmePlace[]) =>
    placeOf(of, { side, scale: sides[side], ...told });
  const lowest = places.reduce((least, { z }) => Math.min(least, z), Number.POSITIVE_INFINITY);
  return {
    x: at("x", places),
    y: at("y", places),
    // heights differ from plane to plane by what they are
    z: at("z", lowest === 0 ? places.filter(({ z }) => z === 0) : []),
  };
}

const FIELDS = { x: "positionX", y: "positionY", z: "positionZ" } as const;

function placeOf(
  places: readonly OmePlace[],
  { side, scale, name, warnings }: Told & { readonly side: "x" | "y" | "z"; readonly scale: PlaneScale },
): number {
  const said = places.flatMap((place) => place[FIELDS[side]] ?? []);
  const [first] = said;
  if (first === undefined || said.every(({ value }) => value === 0)) return 0;
  const field = `Position${side.toUpperCase()}`;
  const leave = (why: string) => {
    warnings.push(`${name}: ${field} ${first.value} ${first.unit} is left out of the image's place: ${why}`);
    return 0;
  };
  if (scale.unit === undefined) return leave(`the size of its pixels along ${side} is not known`);
  const { unit } = scale;
  const values = said.map(({ value, unit: own }) => {
    const known = unitName(own);
    return known === undefined ? undefined : convertUnit(value, known, unit);
  });
  const [start] = values;
  if (start === undefined) return leave("this is no unit of length");
  const farthest = values.reduce<number>(
    (most, value) => Math.max(most, Math.abs((value ?? start) - start)),
    0,
  );
  if (farthest > scale.scale / 2)
    warnings.push(
      `${name}: ${field} of its planes differ by up to ${farthest} ${unit}: that of the first is taken`,
    );
  return Number(start.toPrecision(12));
}
