import {
  chunkedSource,
  decodeGreyJpeg,
  type FileSource,
  type ImageCollection,
  type ImageSource,
  type SourceAxis,
  type SourceFacts,
} from "../../io/index.ts";
import { TILE_SIZE } from "../geometry/levels.ts";
import { type LayerArchive, openLayerArchive } from "./read.ts";

/** What a layer is called among the images of its archive. */
const ONLY = "0";

const AXES: readonly SourceAxis[] = [
  { name: "y", kind: "space" },
  { name: "x", kind: "space" },
];

/**
 * Opens the archive of a channel layer as an image: 8-bit pixels as its tiles show them, every level, 0 where nothing was imaged. What the
 * values were before is in `metadata`: `minIntensity` became 0, `maxIntensity` 255. Whoever opened it closes it.
 *
 * @throws {VitrineError} as `openLayerArchive`; reading: format, a damaged tile
 *
 * @example
 * await using layer = await openLayerImages("screen/layers/1-DAPI_t0_z0.pmtiles");
 * await convertCollection(layer, "dapi.png");
 */
export async function openLayerImages(source: FileSource): Promise<ImageCollection> {
  const archive = await openLayerArchive(source);
  const name = typeof source === "string" ? source : archive.metadata.name;
  const close = () => archive.close();
  return {
    ...{ name, format: "pmtiles", images: [ONLY], labels: [], warnings: [] },
    open: async () => layerSource(archive, name),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** The image of an archive that is open, which stays open when the image is closed. */
export function layerSource(archive: LayerArchive, name: string): ImageSource {
  const { levels, channel, minIntensity, maxIntensity, tpoint, zplane } = archive.metadata;
  const facts: SourceFacts = {
    ...{ name, axes: AXES, dtype: "uint8", isLabels: false, warnings: [] },
    levels: levels.map(({ height, width }, level) => ({
      shape: [height, width],
      chunkShape: [TILE_SIZE, TILE_SIZE],
      scale: [2 ** level, 2 ** level],
      translation: [(2 ** level - 1) / 2, (2 ** level - 1) / 2],
    })),
    channels: [{ name: channel, window: { start: 0, end: 255 } }],
    metadata: { minIntensity, maxIntensity, tpoint, zplane },
  };
  return chunkedSource(facts, {
    readChunk: async ({ level, index: [row, column] }) => {
      if (!(await archive.hasTile({ level, row, column }))) return undefined;
      const at = `${name} level ${level} tile ${row}, ${column}`;
      const { data, height, width } = await decodeGreyJpeg(
        await archive.readTile({ level, row, column }),
        at,
      );
      return { data, shape: [height, width] };
    },
    close: async () => {},
  });
}
