/** Label images into an experiment as points: where each label lies and how large it is, without outlines. */
import { requireKnownOptions, requireNotAborted } from "../../../core/index.ts";
import type { ImageSource, PixelArray } from "../../../io/index.ts";
import type { Experiment } from "../../experiment.ts";
import { type AddMapobjectsOptions, type AddMapobjectsReport, addRawMapobjects } from "../add.ts";
import type { RawMapobject } from "../mapobject.ts";
import { lengthOf, requireLabelAxes, requireLabels } from "./labelsIn.ts";

/** The feature that {@link importLabelPoints} measures: how many pixels a label has, in all z planes of a time point. */
export const LABEL_PIXELS = "pixels";

/** Pixels that are read together. */
const BLOCK = 2 ** 24;

/** Pixels of a label, and the sums of their places. */
interface Sums {
  pixels: number;
  y: number;
  x: number;
}

/**
 * Adds the labels of an image to a type, a point each: its centre of gravity, its label as name, and `pixels` as feature. A label is one object
 * in all z planes and time points, with a point a time point. Nothing is traced: 10⁸ pixels take about a second, memory follows the labels.
 *
 * @throws {VitrineError} type, range: values that are no labels; shape: further axes; and as `addMapobjects`
 */
export async function importLabelPoints(
  experiment: Experiment,
  { source, type }: { readonly source: ImageSource; readonly type: string },
  options: Pick<AddMapobjectsOptions, "signal" | "onLog"> = {},
): Promise<AddMapobjectsReport> {
  requireKnownOptions("importLabelPoints", options, { onLog: true, signal: true });
  requireLabelAxes(source);
  const times: Map<number, Sums>[] = [];
  for (let time = 0; time < (lengthOf(source, "time") ?? 1); time++)
    times.push(await sumsAt(source, time, options.signal));
  return addRawMapobjects(experiment, { type, objects: pointsOf(source, times) }, options);
}

/** Of all labels at a time point. */
async function sumsAt(source: ImageSource, time: number, signal?: AbortSignal): Promise<Map<number, Sums>> {
  const sums = new Map<number, Sums>();
  const [height, width] = [lengthOf(source, "y") ?? 1, lengthOf(source, "x") ?? 1];
  const rows = Math.max(1, Math.floor(BLOCK / width));
  const planes = lengthOf(source, "z");
  for (let z = 0; z < (planes ?? 1); z++)
    for (let y = 0; y < height; y += rows) {
      requireNotAborted(signal, source.name);
      const region = {
        ...(lengthOf(source, "time") !== undefined && { time }),
        ...(planes !== undefined && { z }),
        y: [y, Math.min(height, y + rows)] as const,
      };
      const { data } = await source.read({ region, ...(signal && { signal }) });
      requireLabels(source.name, data);
      addRuns(sums, data, { y, width });
    }
  return sums;
}

/** Adds pixels run by run: labels repeat along rows. */
function addRuns(
  sums: Map<number, Sums>,
  data: PixelArray,
  { y, width }: { readonly y: number; readonly width: number },
): void {
  for (let from = 0; from < data.length; from += width)
    for (let x = 0; x < width; ) {
      const label = data[from + x];
      const first = x;
      while (x < width && data[from + x] === label) x++;
      if (label === 0) continue;
      let own = sums.get(label);
      if (own === undefined) {
        own = { pixels: 0, y: 0, x: 0 };
        sums.set(label, own);
      }
      const count = x - first;
      own.pixels += count;
      // a pixel's middle lies half a pixel from its corner
      own.y += count * (y + from / width + 0.5);
      own.x += (count * (first + x)) / 2;
    }
}

async function* pointsOf(
  { name }: ImageSource,
  times: readonly ReadonlyMap<number, Sums>[],
): AsyncGenerator<RawMapobject> {
  const labels = new Set(times.flatMap((sums) => [...sums.keys()]));
  for (const label of [...labels].sort((a, b) => a - b)) {
    const found = times.flatMap((sums, time) => {
      const own = sums.get(label);
      return own === undefined ? [] : [{ ...own, where: times.length > 1 ? { timepoint: time } : {} }];
    });
    yield {
      at: `${name} label ${label}`,
      name: String(label),
      objectType: "detection",
      isTraced: true,
      outlines: found.map(({ pixels, y, x, where }) => ({
        ...where,
        label,
        shape: { kind: "point", y: y / pixels, x: x / pixels },
      })),
      features: found.map(({ pixels, where }) => ({ ...where, values: { [LABEL_PIXELS]: pixels } })),
    };
  }
}
