import type { ImageSource } from "../source/source.ts";
import { createOmeTiff } from "../tiff/ome/writer.ts";
import type { ConvertOptions } from "./options.ts";
import { piecesOf } from "./pieces.ts";

/** Fields of OME-XML that pass from file to file. */
export const OME_FIELDS: readonly string[] = ["AcquisitionDate", "Description", "StageLabel", "Planes"];

/**
 * Writes an image with all its levels as OME-TIFF, piece by piece, whole or not at all; of axes besides time, channel and z every
 * place becomes a series.
 *
 * @throws {VitrineError} as `createOmeTiff`; aborted; and the errors of `source.read`
 */
export async function writeOmeTiffSource(
  source: ImageSource,
  path: string,
  options: ConvertOptions & { readonly overwrite: boolean; readonly name: string },
): Promise<void> {
  const { axes, dtype, channels } = source;
  const [{ shape, scale, translation }] = source.levels;
  const { overwrite, name } = options;
  await using writer = await createOmeTiff({
    ...{ path, axes, dtype, channels, shape, scale, translation, overwrite, name },
    ...(source.significantBits !== undefined && { significantBits: source.significantBits }),
    metadata: Object.fromEntries(Object.entries(source.metadata).filter(([key]) => OME_FIELDS.includes(key))),
    reduction: source.isLabels ? "mode" : "mean",
  });
  for (const line of writer.warnings) options.onLog?.(line, "warning");
  for await (const { region, data } of piecesOf(source, options)) await writer.write(region, data);
  await writer.finish();
}
