import type { ImageDescription, ImagesDescription, WellDescription } from "../io/index.ts";

/** Names that are printed in full. */
const MOST_NAMES = 12;

type Line = readonly [label: string, value: string];

/** What is known of a file of images, a line each. */
export function imagesLines({ names, labels, images, plate, wells = [] }: ImagesDescription): Line[] {
  const several = names.length + labels.length > 1;
  return [
    ...(names.length > 1 ? [["images", namesText(names)] as const] : []),
    ...(plate === undefined
      ? []
      : [
          [
            "plate",
            `${plate.rows.length} x ${plate.columns.length} wells, ${plate.fields.length} fields`,
          ] as const,
        ]),
    ...wells.map(wellLine),
    ...(labels.length > 0 ? [["labels", namesText(labels)] as const] : []),
    ...images.flatMap((image) => imageLines(image, several)),
  ];
}

function wellLine({ image, acquisitionName, height, width, fields }: WellDescription): Line {
  const name = acquisitionName === undefined ? `well ${image}` : `well ${image} (${acquisitionName})`;
  const shown = fields.slice(0, MOST_NAMES).map((field) => `${field.image} at ${field.y}, ${field.x}`);
  const more = fields.length > MOST_NAMES ? [`${fields.length - MOST_NAMES} more`] : [];
  return [name, `y ${height} x x ${width}, ${fields.length} fields: ${[...shown, ...more].join("; ")}`];
}

function imageLines(
  { name, dtype, axes, levels, channels, significantBits }: ImageDescription,
  several: boolean,
): Line[] {
  const steps = axes.flatMap(({ name: axis, step, unit }) =>
    unit === undefined ? [] : [`${axis} ${short(step)} ${unit}`],
  );
  const starts = axes.flatMap(({ name: axis, start, unit }) =>
    start === undefined || start === 0 ? [] : [`${axis} ${short(start)} ${unit}`],
  );
  const told = channels.map(({ name: channel = "?", color }) =>
    color === undefined ? channel : `${channel} (${color})`,
  );
  const bits = significantBits === undefined ? "" : `, ${significantBits} bits used`;
  return [
    [
      several ? `${name}` : "axes",
      `${axes.map(({ name: axis, length }) => `${axis} ${length}`).join(" x ")}, ${dtype}${bits}`,
    ],
    ...(steps.length > 0 ? [["  step", steps.join(", ")] as const] : []),
    ...(starts.length > 0 ? [["  first at", starts.join(", ")] as const] : []),
    ...(told.length > 0 ? [["  channels", told.join(", ")] as const] : []),
    ["  levels", levels.map(({ shape }) => shape.join(" x ")).join(", ")],
    ["  chunks", levels[0].chunkShape.join(" x ")],
  ];
}

function namesText(names: readonly string[]): string {
  const shown = names.length > MOST_NAMES ? [...names.slice(0, 3), "...", names[names.length - 1]] : names;
  return `${names.length}: ${shown.join(", ")}`;
}

function short(value: number | undefined): string {
  return value === undefined ? "?" : String(Number(value.toPrecision(6)));
}
