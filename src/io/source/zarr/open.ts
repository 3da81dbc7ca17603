import { z } from "zod";
import { Semaphore, VitrineError } from "../../../core/index.ts";
import type { JsonObject } from "../../dataset/dataset.ts";
import { parseWithSchema } from "../../schema.ts";
import { ChunkCache, PLATE_BYTES } from "../cache.ts";
import type { ImageCollection } from "../source.ts";
import { readRoot } from "./consolidated.ts";
import { openZarrImage } from "./image.ts";
import { childFolder, type KnownNodes, readOptionalNode } from "./node.ts";
import { type Plate, readPlate, wellFields } from "./plate.ts";

/** The name of an image that is alone. */
const ONLY = "0";

/** Groups that are looked at at once. */
const AT_ONCE = 16;

/** What a store holds: names of images with their places below its folder. */
interface Found {
  readonly images: ReadonlyMap<string, string>;
  readonly plate?: Plate;
  readonly warnings: readonly string[];
}

/**
 * Opens an OME-Zarr store (0.1 to 0.5; Zarr 2 and 3, shards too): an image, several in the layout of bioformats2raw, a plate, a
 * well, or a group of labels; each image with its levels and its labels.
 *
 * Images of a store are called by their paths, one alone is `0`. Chunks that are not there read as the fill value.
 *
 * @param path  folder, or address of it
 * @throws {VitrineError} missing: no such store, or a level that is not there; format: metadata that are damaged or contradict
 *   each other; unsupported: values that are no pixels, codecs that are not known; range: chunks of more than 2 GiB. Each names
 *   the group, the array or the chunk
 */
export async function openZarrImages(path: string): Promise<ImageCollection> {
  const name = path.replace(/(?<=.)[/\\]+$/, "");
  const { node, known } = await readRoot(name);
  if (node?.kind !== "group") throw noStore(name, node === undefined);
  const { images, plate, warnings } = await imagesOf(name, node.attributes, known);
  const labels = await labelsOf(name, images, known);
  const cache = plate === undefined ? undefined : new ChunkCache(name, PLATE_BYTES);
  const close = async () => cache?.clear();
  return {
    name,
    format: "ome-zarr",
    images: [...images.keys()],
    labels: [...labels.keys()],
    ...(plate !== undefined && { plate }),
    warnings,
    async open(image = [...images.keys()][0]) {
      const place = images.get(image) ?? labels.get(image);
      if (place === undefined) throw noImage(name, [...images.keys(), ...labels.keys()], image);
      return openZarrImage(childFolder(name, place, name), { known, ...(cache && { cache }) });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const kinds = z.object({
  multiscales: z.unknown().optional(),
  plate: z.unknown().optional(),
  well: z.unknown().optional(),
  labels: z.array(z.string()).optional(),
  "bioformats2raw.layout": z.unknown().optional(),
});

async function imagesOf(folder: string, attributes: JsonObject, known: KnownNodes): Promise<Found> {
  const found = parseWithSchema(attributes, kinds, folder);
  if (found.plate !== undefined) {
    const plate = await readPlate(folder, found.plate, known);
    return {
      ...named(
        plate.plate.fields.map(({ image }) => image),
        folder,
      ),
      ...plate,
    };
  }
  if (found.multiscales !== undefined) return { images: new Map([[ONLY, ""]]), warnings: [] };
  if (found["bioformats2raw.layout"] !== undefined) return named(await seriesOf(folder, known), folder);
  if (found.well !== undefined) {
    return named(
      wellFields(found.well, folder).map(({ path }) => path),
      folder,
    );
  }
  if (found.labels !== undefined) return named(found.labels, folder);
  throw new VitrineError({
    code: "format",
    at: folder,
    expected: "an OME-Zarr image, plate, well, labels, or images in the bioformats2raw layout",
    found: "a group without multiscales, plate, well, labels and bioformats2raw.layout",
  });
}

function named(paths: readonly string[], folder: string): Found {
  if (paths.length > 0) return { images: new Map(paths.map((path) => [path, path])), warnings: [] };
  throw new VitrineError({ code: "missing", at: folder, expected: "images", found: "none" });
}

const series = z.object({ series: z.array(z.string()).optional() });

/** As the group OME lists them, else numbered. */
async function seriesOf(folder: string, known: KnownNodes): Promise<readonly string[]> {
  const ome = await readOptionalNode(`${folder}/OME`, known);
  const listed = parseWithSchema(ome?.attributes ?? {}, series, `${folder}/OME`).series;
  if (listed !== undefined) return listed;
  const paths: string[] = [];
  while ((await readOptionalNode(`${folder}/${paths.length}`, known)) !== undefined)
    paths.push(String(paths.length));
  return paths;
}

const labelList = z.object({ labels: z.array(z.string()).default([]) });

/** Label images by their names, with their places. */
async function labelsOf(
  folder: string,
  images: ReadonlyMap<string, string>,
  known: KnownNodes,
): Promise<ReadonlyMap<string, string>> {
  const looking = new Semaphore(AT_ONCE);
  const found = await Promise.all(
    [...images.values()].map((image) =>
      looking.run(async () => {
        const place = image === "" ? "labels" : `${image}/labels`;
        const node = await readOptionalNode(childFolder(folder, place, folder), known);
        if (node?.kind !== "group") return [];
        return parseWithSchema(node.attributes, labelList, `${folder}/${place}`).labels.map(
          (label) => `${place}/${label}`,
        );
      }),
    ),
  );
  return new Map(found.flat().map((label) => [label, label]));
}

function noStore(at: string, isNothing: boolean): VitrineError {
  return new VitrineError({
    code: isNothing ? "missing" : "unsupported",
    at,
    expected: "an OME-Zarr group",
    found: isNothing ? "neither zarr.json nor .zgroup" : "an array, without names and units",
    hint: isNothing ? "Check the path" : "Open the group that it belongs to",
  });
}

function noImage(at: string, known: readonly string[], found: string): VitrineError {
  const shown = known.slice(0, 20).join(", ");
  return new VitrineError({
    code: "missing",
    at: `${at} image`,
    expected: `one of ${shown}${known.length > 20 ? " …" : ""}`,
    found: JSON.stringify(found),
  });
}
