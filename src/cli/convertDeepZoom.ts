import { progressTeller } from "../core/index.ts";
import { openImages, withBits } from "../io/index.ts";
import type { Log } from "../program/index.ts";
import { type DeepZoomReport, openLayerImages, writeDeepZoom } from "../pyramid/index.ts";
import { report } from "./report.ts";

/** What of the command's options DeepZoom knows. */
export interface DeepZoomArguments {
  readonly image?: string;
  readonly level?: number;
  readonly at?: Readonly<Record<string, string>>;
  readonly bits?: 8 | 16;
  readonly contrast?: readonly [number, number] | "file";
  readonly range?: readonly [number, number];
  readonly quality?: number;
  readonly overwrite?: boolean;
  readonly json?: boolean;
}

/** A conversion, with what says which options do nothing. */
interface DeepZoomConversion {
  readonly from: string;
  readonly to: string;
  readonly args: DeepZoomArguments;
  readonly tell: (onLog: Log) => void;
}

/** Whether a path is that of a collected layer. */
export function isLayer(path: string): boolean {
  return /\.pmtiles$/i.test(path);
}

/** Images of any kind, a collected layer too. */
export function openAny(path: string): ReturnType<typeof openImages> {
  return isLayer(path) ? openLayerImages(path) : openImages(path);
}

/** Writes one plane of an image, or a collected layer, as DeepZoom. */
export function convertDeepZoom({ from, to, args, tell }: DeepZoomConversion): Promise<void> {
  const { json = false, image, overwrite = false, bits, range, contrast, at, level, quality } = args;
  const text = ({ path, width, height, levels, tiles }: DeepZoomReport & { readonly path: string }) =>
    `wrote ${path}: ${width} x ${height} px, ${levels} levels, ${tiles} tiles\n`;
  return report({ json, text }, async ({ signal, onProgress, onLog, onBackend }) => {
    tell(onLog);
    await using images = await openAny(from);
    await using opened = await images.open(image);
    tellImages(images, { image, onLog });
    for (const line of new Set([...images.warnings, ...opened.warnings])) onLog(line, "warning");
    const { source, clipped } = withBits(
      opened,
      bits === undefined ? {} : { bits, onLog, ...(range && { range }) },
    );
    const progress = progressTeller(onProgress, { unit: "tiles" });
    const made = await writeDeepZoom(source, to, {
      ...{ overwrite, signal, onLog, onBackend, ...(at && { at }), ...(level !== undefined && { level }) },
      ...(range !== undefined && bits === undefined && { range }),
      ...(contrast !== undefined && { contrast }),
      ...(quality !== undefined && { quality }),
      onProgress: ({ done, total }) => progress(done, total),
    });
    if (clipped() > 0)
      onLog(`${to}: ${clipped()} pixels lay outside the range and are held at its ends`, "warning");
    return { ...made, path: to };
  });
}

type Images = Awaited<ReturnType<typeof openImages>>;

function tellImages(
  { images, name, plate }: Images,
  {
    image,
    onLog,
  }: { readonly image: string | undefined; readonly onLog: (message: string, kind: "warning") => void },
): void {
  if (image !== undefined || images.length === 1) return;
  const whole =
    plate === undefined ? "" : "; a layer of the experiment (layers/*.pmtiles) is the whole plate";
  onLog(
    `${name}: the first of ${images.length} images is taken, ${JSON.stringify(images[0])}; image (--image NAME) chooses another${whole}`,
    "warning",
  );
}
