import { VitrineError } from "../../core/index.ts";
import type { Experiment } from "../../experiment/index.ts";
import { fileExists, type ImageSource, openImages } from "../../io/index.ts";
import { layerSource } from "../archive/layerImages.ts";
import { openLayerArchive } from "../archive/read.ts";
import type { PlacedImage } from "../geometry/map.ts";
import { type LayerImage, type LayerKey, layerImages, layerName } from "../layers/layers.ts";
import { clearFlags } from "../tiles/pixels.ts";
import type { SitePixels } from "./wellPixels.ts";

/** Pixels of a layer's sites, for the eye. */
export interface SiteSource extends AsyncDisposable {
  /** Whether pixels are those of the collected layer, corrected and in its range, or those of the images. */
  readonly isLayer: boolean;
  /** Undefined where the site has no image. @throws {VitrineError} what is wrong with it; aborted */
  read(site: PlacedImage, shrink: number, signal?: AbortSignal): Promise<SitePixels | undefined>;
}

/**
 * Opens the collected layer, where there is one; else its images are read.
 *
 * @param names  of sites, by their ids
 * @throws {VitrineError} format, storage
 */
export async function openSites(
  experiment: Experiment,
  key: LayerKey,
  names: ReadonlyMap<number, string>,
): Promise<SiteSource> {
  const images = new Map((await layerImages(experiment, key)).map((image) => [image.siteId, image]));
  const path = await layerFile(experiment, key);
  return path === undefined ? imageSites(images) : layerSites(path, key, { images, names });
}

async function layerFile({ query, directory }: Experiment, key: LayerKey): Promise<string | undefined> {
  const { channelId, tpoint, zplane } = key;
  const row = await query
    .selectFrom("channelLayers")
    .select("path")
    .where("channelId", "=", channelId)
    .where("tpoint", "=", tpoint)
    .where("zplane", "=", zplane)
    .executeTakeFirst();
  const path = row?.path == null ? undefined : `${directory}/${row.path}`;
  return path !== undefined && (await fileExists(path)) ? path : undefined;
}

async function layerSites(
  path: string,
  key: LayerKey,
  {
    images,
    names,
  }: { readonly images: ReadonlyMap<number, LayerImage>; readonly names: ReadonlyMap<number, string> },
): Promise<SiteSource> {
  const archive = await openLayerArchive(path);
  const source = layerSource(archive, layerName(key));
  const { minIntensity, maxIntensity, missing = [] } = archive.metadata;
  const intensity = (value: number) => minIntensity + (value / 255) * (maxIntensity - minIntensity);
  return {
    isLayer: true,
    async read(site, shrink, signal) {
      if (!images.has(site.id) || missing.includes(names.get(site.id) ?? "")) return undefined;
      const { y, x, height, width } = site;
      const level = levelFor(source, shrink);
      const [factor] = source.levels[level].scale;
      const part = (from: number, length: number): [number, number] => {
        const first = Math.floor(from / factor);
        return [first, Math.max(first + 1, Math.floor((from + length) / factor))];
      };
      const region = { y: part(y, height), x: part(x, width) };
      const { data, shape } = await source.read({ level, region, ...(signal && { signal }) });
      const [rows, columns] = shape;
      const values = Float32Array.from(data, intensity);
      return { data: values, height: rows, width: columns, factor: { y: height / rows, x: width / columns } };
    },
    [Symbol.asyncDispose]: () => archive.close(),
  };
}

function imageSites(images: ReadonlyMap<number, LayerImage>): SiteSource {
  return {
    isLayer: false,
    async read({ id, height, width }, shrink, signal) {
      const image = images.get(id);
      if (image === undefined) return undefined;
      await using file = await openImages(image.path);
      await using source = await file.open(file.images[image.imageIndex]);
      const level = levelFor(source, shrink);
      const { data, shape } = await source.read({ level, region: image.plane, ...(signal && { signal }) });
      clearFlags(data, image.pixelMask);
      const [rows, columns] = shape.slice(-2);
      if (data.length === rows * columns && rows <= height && columns <= width)
        return { data, height: rows, width: columns, factor: { y: height / rows, x: width / columns } };
      throw new VitrineError({
        code: "shape",
        at: image.path,
        expected: `one grey plane of ${height} x ${width} pixels`,
        found: `${data.length} values in ${rows} rows`,
      });
    },
    async [Symbol.asyncDispose]() {},
  };
}

/** The coarsest level whose pixels are no larger than those of the picture. */
function levelFor({ levels }: ImageSource, shrink: number): number {
  const full = levels[0].shape.slice(-2);
  const factorOf = (shape: readonly number[]) =>
    Math.max(full[0] / (shape.at(-2) ?? 1), full[1] / (shape.at(-1) ?? 1));
  return Math.max(
    0,
    levels.findLastIndex(({ shape }) => factorOf(shape) <= shrink * 1.01),
  );
}
