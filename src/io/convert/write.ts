import type { ImageSource } from "../source/source.ts";
import { titleOf, writeFolder } from "./folders.ts";
import type { ConvertFormat, ConvertOptions } from "./options.ts";
import { writeMrcSource } from "./toMrc.ts";
import { writeNdtiffSource } from "./toNdtiff.ts";
import { writeNpySource } from "./toNpy.ts";
import { writeOmeTiffSource } from "./toOmeTiff.ts";
import { writeOmeZarrSource } from "./toOmeZarr.ts";
import { writeTiffSource } from "./toTiff.ts";

/** What {@link writeSource} is told. */
export type WriteSourceOptions = ConvertOptions & {
  readonly format: Exclude<ConvertFormat, "png">;
  readonly overwrite: boolean;
};

/** Writes an image whole or not at all in any format but pictures. */
export async function writeSource(
  source: ImageSource,
  to: string,
  options: WriteSourceOptions,
): Promise<void> {
  switch (options.format) {
    case "mrc":
      return writeMrcSource(source, to, options);
    case "npy":
      return writeNpySource(source, to, options);
    case "tiff":
      return writeTiffSource(source, to, options);
    case "ome-tiff":
      return writeOmeTiffSource(source, to, { ...options, name: titleOf(to) });
    case "ndtiff":
      return writeFolder(to, (temporary) => writeNdtiffSource(source, temporary, options));
    case "ome-zarr":
      return writeFolder(to, (temporary) =>
        writeOmeZarrSource(source, temporary, { ...options, name: titleOf(to) }),
      );
  }
}
