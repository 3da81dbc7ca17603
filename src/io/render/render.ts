import { type OptionKeys, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { ImageSource } from "../source/source.ts";
import { axisAt, choosePlanes, type PlaneChoice } from "./axes.ts";
import { type Composed, compose, drawLabels, withoutColor } from "./compose.ts";
import { checkContrast, countNan } from "./contrast.ts";
import { layOut, type PictureLayout } from "./layout.ts";
import type { PictureOptions, RenderedPicture } from "./options.ts";
import { type Drawn, paletteOf } from "./palette.ts";
import { readPlane, type ShrunkPlane } from "./planes.ts";
import { drawScaleBar } from "./scaleBar.ts";

const KEYS: OptionKeys<PictureOptions> = {
  at: true,
  project: true,
  montage: true,
  panels: true,
  contrast: true,
  range: true,
  colors: true,
  maxSize: true,
  level: true,
  zoom: true,
  pixelSizeA: true,
  scaleBar: true,
  labels: true,
  signal: true,
  onLog: true,
};

/**
 * Draws an image: a plane, a projection or a montage, its channels mixed in their colours. Only the level that suits the size
 * is read, by tiles; memory follows the picture, not the image.
 *
 * Colour images of uint8 are shown as they are unless a contrast or range is given; labels have a colour an object, 0 is black.
 * NaN is black and does not count.
 *
 * @returns an 8-bit picture, grey or RGB, ready for `encodePng`
 * @throws {VitrineError} missing, range: options that do not suit the image; aborted; and the errors of `source.read`
 */
export async function renderPicture(
  source: ImageSource,
  options: PictureOptions = {},
): Promise<RenderedPicture> {
  requireKnownOptions("renderPicture", options, KEYS);
  checkOptions(source, options);
  const choice = choosePlanes(source, options);
  const layout = layOut(source, choice, options);
  const channels = channelsOf(source, choice);
  const planes = await readPlanes(source, { options, choice, layout, channels });
  tellNan(source, planes.flat(), options);
  const { colorOf, shown } = paletteOf(source, { planes, channels, options, choice, layout });
  const composed = compose(planes, { layout, colorOf, zoom: options.zoom ?? 1 });
  if (options.labels !== false) drawLabels(composed, source, layout);
  if (options.scaleBar !== false) addScaleBar(composed, source, { options, layout });
  const { level, shrink } = layout;
  return { ...withoutColor(composed.canvas), level, shrunk: shrink, shown };
}

function checkOptions(source: ImageSource, options: PictureOptions): void {
  checkContrast(options);
  const { pixelSizeA } = options;
  if (pixelSizeA !== undefined && !(pixelSizeA > 0 && pixelSizeA < Infinity)) {
    const at = "renderPicture(options).pixelSizeA";
    throw new VitrineError({ code: "range", at, expected: "a size above 0 Å", found: `${pixelSizeA}` });
  }
  for (const field of ["maxSize", "zoom", "panels"] as const) {
    const value = options[field];
    if (value === undefined || (Number.isInteger(value) && value >= 1)) continue;
    const at = `renderPicture(options).${field}`;
    const expected = "a whole number of at least 1";
    throw new VitrineError({ code: "range", at, expected, found: `${value}` });
  }
  const { level, montage = [] } = options;
  if (level !== undefined && source.levels[level] === undefined) {
    const expected = `a level from 0 to ${source.levels.length - 1}`;
    throw new VitrineError({ code: "range", at: source.name, expected, found: `${level}` });
  }
  if (montage.length <= 2) return;
  const at = "renderPicture(options).montage";
  throw new VitrineError({ code: "range", at, expected: "one or two axes", found: montage.join(", ") });
}

/** Indices of channels that are mixed; the one that is shown, or undefined, where there is nothing to mix. */
function channelsOf(source: ImageSource, { isMerged, fixed }: PlaneChoice): (number | undefined)[] {
  if (!isMerged) return [fixed.channel];
  return Array.from({ length: source.levels[0].shape[axisAt(source, "channel")] }, (_, i) => i);
}

async function readPlanes(
  source: ImageSource,
  { options, choice, layout, channels }: Omit<Drawn, "planes">,
): Promise<ShrunkPlane[][]> {
  const { level, shrink } = layout;
  const { signal } = options;
  const planes: ShrunkPlane[][] = [];
  for (const panel of layout.panels) {
    const ofPanel: ShrunkPlane[] = [];
    for (const channel of channels) {
      const merged = choice.isMerged && channel !== undefined ? { channel } : {};
      const fixed = { ...choice.fixed, ...panel.fixed, ...merged };
      ofPanel.push(await readPlane(source, { level, shrink, fixed, project: choice.project, signal }));
    }
    planes.push(ofPanel);
  }
  return planes;
}

function tellNan(
  source: ImageSource,
  planes: readonly ShrunkPlane[],
  { onLog }: Pick<PictureOptions, "onLog">,
): void {
  const count = countNan(planes);
  if (count === 0) return;
  onLog?.(`${source.name}: ${count} pixels of the picture have no value (NaN); they are black`, "warning");
}

/** In the lower left panel; says so where the size of a pixel is unknown, or there is no room. */
function addScaleBar(
  { canvas, boxes }: Composed,
  source: ImageSource,
  { options, layout }: { readonly options: PictureOptions; readonly layout: PictureLayout },
): void {
  const x = axisAt(source, "x");
  const [full, shown] = [source.levels[0].scale[x], source.levels[layout.level].scale[x]];
  const given = options.pixelSizeA && { unit: "angstrom", size: (options.pixelSizeA * shown) / full };
  const { unit, size } = given || { unit: source.axes[x].unit, size: shown };
  const scale = (size * layout.shrink) / (options.zoom ?? 1);
  if (unit === undefined || !(scale > 0)) {
    tellNoSize(source, options);
    return;
  }
  const box = boxes[(layout.rows - 1) * layout.columns];
  if (drawScaleBar(canvas, { box, scale, unit })) return;
  const line = `${source.name}: the picture is too small for a scale bar; zoom (--zoom N) enlarges it`;
  options.onLog?.(line, "note");
}

function tellNoSize({ name }: ImageSource, { onLog }: Pick<PictureOptions, "onLog">): void {
  const ways = "pixelSizeA (--pixel-size Å) gives one, scaleBar: false (--no-scale-bar) asks for none";
  onLog?.(`${name} tells no size of a pixel: the picture has no scale bar; ${ways}`, "warning");
}
