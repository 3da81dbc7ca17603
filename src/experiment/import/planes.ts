/** Files as planes: one channel, time point and z plane each, by their names and the files' own axes. */

import { wellName } from "../../io/index.ts";
import type { NamingOptions } from "./channelNames.ts";
import type { FoundImage } from "./found.ts";
import { groupBy } from "./group.ts";
import { type Header, type Headers, headerKey } from "./headers.ts";
import { firstFew, firstLines } from "./notes.ts";

/** One plane of one site, with names in place of what the microscope calls them. */
export interface Plane {
  readonly found: FoundImage;
  readonly header: Header;
  readonly plate: string;
  readonly well: string;
  readonly site: number;
  readonly cycle: number;
  readonly channel: string;
  readonly tpoint: number;
  readonly zplane: number;
  /** Axes of the file's image of which it is one index. */
  readonly plane: Readonly<Record<string, number>>;
  /** Of a colour image's part: six hexadecimal digits. */
  readonly color?: string;
}

/** Parts of colour images, a channel each. */
const COLOURS = [
  { name: "red", color: "FF0000" },
  { name: "green", color: "00FF00" },
  { name: "blue", color: "0000FF" },
] as const;

/** Axes of a source, with the field of an image that says where on it. */
const AXES = { channel: "channel", time: "tpoint", z: "zplane" } as const;

/**
 * All planes of the images whose header was read. An axis of a file is taken unless the name says the same; pages of which the file says
 * nothing count as time points, or as z planes where the name has the time.
 *
 * @param warnings  gets a line where a file has more images than its name tells apart
 */
export function planesOf(images: readonly FoundImage[], { headers }: Headers, warnings: string[]): Plane[] {
  const lines: string[] = [];
  const guesses = new Map<string, Field>();
  const coloured = new Set<string>();
  const planes = images.flatMap((found) => {
    const header = headers.get(headerKey(found));
    return header === undefined ? [] : planesOfImage(found, header, { lines, guesses, coloured });
  });
  warnings.push(
    ...firstLines(lines, (rest) => `${rest} more files have images that their names do not tell apart`),
  );
  for (const [field, of] of groupBy(guesses, ([, field]) => field)) {
    const as = field === "tpoint" ? "time points (z planes, where names or a table have t)" : "z planes";
    warnings.push(`nothing says what the pages of ${firstFew(of.map(([path]) => path))} are: taken as ${as}`);
  }
  if (coloured.size > 0)
    warnings.push(
      `images in colour: ${firstFew([...coloured])} ${coloured.size === 1 ? "is" : "are"} imported as channels of red, green and blue`,
    );
  return planes;
}

interface Said {
  readonly lines: string[];
  /** What pages of files were taken as. */
  readonly guesses: Map<string, Field>;
  /** Files of images in colour. */
  readonly coloured: Set<string>;
}

function planesOfImage(found: FoundImage, header: Header, { lines, guesses, coloured }: Said): Plane[] {
  let planes: Plane[] = [
    {
      found,
      header,
      plate: found.plate,
      well: wellName(found.well),
      site: found.site,
      cycle: found.cycle ?? 0,
      channel: found.channel ?? channelName(header, 0),
      tpoint: found.tpoint ?? 0,
      zplane: found.zplane ?? 0,
      plane: found.plane ?? {},
    },
  ];
  for (const [axis, length] of Object.entries(header.outer)) {
    if (found.plane !== undefined && Object.hasOwn(found.plane, axis)) continue;
    if (axis === "sample") {
      if (length > 1) coloured.add(found.path);
      planes = planes.flatMap((plane) => coloursOf(plane, length));
      continue;
    }
    const field = fieldOf(axis, found);
    if (axis === "time" && field !== undefined && length > 1 && header.isPages)
      guesses.set(found.path, field);
    if (field === undefined && length > 1)
      lines.push(
        `${found.path}: ${length} images along ${axis}, which its name does not tell apart: the first is taken`,
      );
    const indices = field === undefined ? [0] : Array.from({ length }, (_, i) => i);
    planes = planes.flatMap((plane) => indices.map((i) => withIndex(plane, { axis, field, index: i })));
  }
  return planes;
}

/** Channels that a name or the file tells keep their names, in front. */
function coloursOf(plane: Plane, length: number): Plane[] {
  if (length === 1) return [plane];
  const isNamed = plane.found.channel !== undefined || plane.header.channels.some(({ name }) => name);
  return Array.from({ length }, (_, sample) => {
    const { name, color } = COLOURS[sample] ?? { name: `sample ${sample}` };
    const channel = isNamed ? `${plane.channel} ${name}` : name;
    return { ...plane, plane: { ...plane.plane, sample }, channel, ...(color !== undefined && { color }) };
  });
}

type Field = (typeof AXES)[keyof typeof AXES];

function fieldOf(axis: string, found: FoundImage): Field | undefined {
  const field = axis === "channel" || axis === "time" || axis === "z" ? AXES[axis] : undefined;
  if (field === "tpoint" && found.tpoint !== undefined && found.zplane === undefined) return "zplane";
  return field === undefined || found[field] !== undefined ? undefined : field;
}

function withIndex(
  plane: Plane,
  {
    axis,
    field,
    index,
  }: { readonly axis: string; readonly field: Field | undefined; readonly index: number },
): Plane {
  const placed = { ...plane, plane: { ...plane.plane, [axis]: index } };
  if (field === undefined) return placed;
  return { ...placed, [field]: field === "channel" ? channelName(plane.header, index) : index };
}

function channelName({ channels }: Header, index: number): string {
  return channels[index]?.name || `channel ${index}`;
}

/**
 * Planes without those whose pixels do not belong: of another type than most of their channel (a stray 32-bit image), of another size
 * than most of their site. Each is named.
 */
export function alikePlanes(
  planes: readonly Plane[],
  { channelNames, warnings }: Pick<NamingOptions, "channelNames" | "warnings">,
): readonly Plane[] {
  const type = ({ header }: Plane) => header.dtype;
  const size = ({ header }: Plane) => `${header.height} x ${header.width}`;
  const ofType = keepMost(planes, {
    by: ({ channel, cycle }) => (channelNames === "as-found" ? channel : `${cycle}\u0000${channel}`),
    value: type,
    what: "of its channel",
    warnings,
  });
  // a site that its row and column alone tell has no number yet
  const by = ({ plate, well, site, found: { grid } }: Plane) => [plate, well, site, grid].join("\u0000");
  return keepMost(ofType, { by, value: size, what: "of its site", warnings });
}

function keepMost(
  planes: readonly Plane[],
  {
    by,
    value,
    what,
    warnings,
  }: {
    readonly by: (plane: Plane) => string;
    readonly value: (plane: Plane) => string;
    readonly what: string;
    readonly warnings: string[];
  },
): readonly Plane[] {
  const odd = new Map<Plane, string>();
  const lines: string[] = [];
  for (const group of groupBy(planes, by).values()) {
    const kinds = [...groupBy(group, value)].sort(([, a], [, b]) => b.length - a.length);
    for (const [, others] of kinds.slice(1)) for (const plane of others) odd.set(plane, kinds[0][0]);
  }
  for (const [plane, most] of odd)
    lines.push(`${plane.found.path}: ${value(plane)}, but ${most} are the others ${what}: left out`);
  warnings.push(
    ...firstLines(lines, (rest) => `${rest} more files are otherwise than the others ${what}: left out`),
  );
  return odd.size === 0 ? planes : planes.filter((plane) => !odd.has(plane));
}
