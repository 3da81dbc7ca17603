import { TAG } from "../../tiff/directory.ts";
import type { TiffPlane, TiffReader } from "../../tiff/reader.ts";
import { shapedPlanes } from "./shaped.ts";

/**
 * The arrays that tifffile wrote one after another (its series), each with a description on its first page of how many pages follow;
 * undefined where the file is none of its, or pages are left over.
 *
 * Source: tifffile, TiffFile._series_shaped.
 */
export async function shapedSeries(
  reader: TiffReader,
  planes: readonly TiffPlane[],
): Promise<TiffPlane[][] | undefined> {
  const series: TiffPlane[][] = [];
  for (let at = 0; at < planes.length; ) {
    const { entry } = planes[at];
    const description = await (await reader.directory(entry)).text(TAG.description);
    const { width, height, channels } = entry.page;
    const count = shapedPlanes(description, width * height * channels);
    const some = planes.slice(at, at + (count ?? 0));
    if (count === undefined || some.length < count || some.some((plane) => !isAlike(plane, planes[at])))
      return undefined;
    series.push(some);
    at += count;
  }
  return series;
}

function isAlike({ entry: { page } }: TiffPlane, { entry: { page: first } }: TiffPlane): boolean {
  return (["width", "height", "channels", "dtype"] as const).every((name) => page[name] === first[name]);
}
