import type { ImageSource, SourcePart, StagePlaces } from "../source.ts";
import { convertUnit, unitName } from "../units.ts";
import { axisOf } from "../viewLevels.ts";

/** A field of a well. */
export interface OpenField {
  /** Its name among those of the collection. */
  readonly image: string;
  readonly source: ImageSource;
}

/** A field with its place in the well. */
export interface PlacedField extends OpenField {
  readonly part: SourcePart;
}

/** Fields in the order in which they are pasted. */
export interface PlacedFields {
  readonly fields: readonly PlacedField[];
  /** Nothing told their places. */
  readonly isGrid: boolean;
  /** What was left out or guessed. */
  readonly warnings: readonly string[];
}

/** Pixel sizes that differ by less are the same: half a pixel at the far end of a usual camera. */
const SAME_SIZE = 2e-4;
/** A well is no longer than this, pixels: what is beyond comes of positions that are none. */
const MOST_PIXELS = 2 ** 24;

const PLANE = ["y", "x"] as const;

/**
 * Places fields of a well by the `translation` of their full resolutions, to the nearest pixel, from the first row and column on; by the
 * stage where that is given and knows all of them. Where all lie at one place, or beyond what a well may be, they lie in a grid that is nearly square, row by row, which `warnings` tell.
 *
 * Fields that are not of the first one's axes, type and pixel size are left out, which `warnings` tell too.
 */
export function placeFields(all: readonly OpenField[], stage?: StagePlaces): PlacedFields {
  const [{ source: first }] = all;
  const warnings: string[] = [];
  const fields = all.filter(({ image, source }) => {
    const other = differenceOf(first, source);
    if (other !== undefined)
      warnings.push(`field ${image} is left out: its ${other}, open it alone (image ${image})`);
    return other === undefined;
  });
  const told =
    stagePx(fields, stage) ?? fields.map(({ source }) => PLANE.map((axis) => placePx(source, first, axis)));
  const places = told.map((place) => place.map((at, i) => at - Math.min(...told.map((one) => one[i]))));
  const sizes = fields.map(({ source }) => sizeOf(source));
  const isOne = fields.length > 1 && places.every((place) => place.every((at) => at === 0));
  const isFar = places.some(
    ([y, x], i) => !(Math.max(y + sizes[i].height, x + sizes[i].width) <= MOST_PIXELS),
  );
  if (isOne) warnings.push("fields have no positions: placed in a grid, in the order of the well's list");
  if (isFar)
    warnings.push(
      `positions of fields span more than ${MOST_PIXELS} pixels: placed in a grid, in the order of the well's list`,
    );
  const chosen = isOne || isFar ? gridPlaces(sizes) : places;
  return {
    fields: fields.map((field, i) => ({
      ...field,
      part: { image: field.image, y: chosen[i][0], x: chosen[i][1], ...sizes[i] },
    })),
    isGrid: isOne || isFar,
    warnings,
  };
}

interface Size {
  readonly height: number;
  readonly width: number;
}

function sizeOf(source: ImageSource): Size {
  const { shape } = source.levels[0];
  return { height: shape[axisOf(source, "y")], width: shape[axisOf(source, "x")] };
}

/** As many columns as rows or one more; cells are as large as the largest field. */
function gridPlaces(sizes: readonly Size[]): number[][] {
  const columns = Math.ceil(Math.sqrt(sizes.length));
  const height = Math.max(...sizes.map((size) => size.height));
  const width = Math.max(...sizes.map((size) => size.width));
  return sizes.map((_, i) => [Math.floor(i / columns) * height, (i % columns) * width]);
}

/** Where a field begins, in whole pixels of the first field. */
function placePx(source: ImageSource, first: ImageSource, axis: "y" | "x"): number {
  const at = axisOf(source, axis);
  const { translation } = source.levels[0];
  return Math.round(
    inUnitOf(first, { axis, unit: source.axes[at].unit, value: translation[at] }) / stepOf(first, axis),
  );
}

/** Places by the stage, in pixels of the first field; undefined: not known of all. */
function stagePx(fields: readonly OpenField[], stage: StagePlaces | undefined): number[][] | undefined {
  const [{ source: first }] = fields;
  const places = fields.map(({ image }) =>
    PLANE.map((axis) => {
      const place = stage?.get(image)?.[axis];
      const from = place && unitName(place.unit);
      const { unit } = first.axes[axisOf(first, axis)];
      if (place === undefined || from === undefined || unit === undefined) return Number.NaN;
      return Math.round((convertUnit(place.value, from, unit) ?? Number.NaN) / stepOf(first, axis));
    }),
  );
  return places.flat().every(Number.isFinite) ? places : undefined;
}

function stepOf(source: ImageSource, axis: string): number {
  return source.levels[0].scale[axisOf(source, axis)];
}

/** A length in the unit of the first field; what has no unit, or another kind of one, is taken as it is. */
function inUnitOf(
  first: ImageSource,
  { axis, unit, value }: { readonly axis: string; readonly unit: string | undefined; readonly value: number },
): number {
  const wanted = first.axes[axisOf(first, axis)].unit;
  if (unit === undefined || wanted === undefined || unit === wanted) return value;
  return convertUnit(value, unit, wanted) ?? value;
}

/** Why a field cannot lie in one plane with the first; undefined: it can. */
function differenceOf(first: ImageSource, source: ImageSource): string | undefined {
  const [known, own] = [first, source].map(({ axes }) => axes.map(({ name }) => name).join(", "));
  if (own !== known) return `axes are ${own}, not ${known}`;
  if (source.dtype !== first.dtype) return `type is ${source.dtype}, not ${first.dtype}`;
  const sample = first.axes.findIndex(({ name }) => name === "sample");
  if (sample >= 0 && source.levels[0].shape[sample] !== first.levels[0].shape[sample])
    return `pixels have other samples`;
  for (const axis of PLANE) {
    const unit = source.axes[axisOf(source, axis)].unit;
    const step = inUnitOf(first, { axis, unit, value: stepOf(source, axis) });
    const wanted = stepOf(first, axis);
    if (Math.abs(step - wanted) > SAME_SIZE * wanted)
      return `pixel size along ${axis} is ${step}, not ${wanted}`;
  }
  return undefined;
}
