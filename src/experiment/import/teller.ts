import type { Found, FoundImage, ImageFolder } from "./found.ts";
import type { NameOptions } from "./names.ts";

/** A file of metadata that tells of the images around it. */
export interface Teller {
  /** Where it lies, relative to the folder. */
  readonly path: string;
  readonly folder: ImageFolder;
  readonly options: NameOptions;
}

/** Reads one. @throws {VitrineError} format: metadata that cannot be read; undefined where it tells of no images */
export type ReadTeller = (teller: Teller) => Promise<Found | undefined>;

/** Names that a warning lists. */
const LISTED = 5;

/** Without the images whose file is not there, which are named once. */
export function presentImages(
  images: readonly FoundImage[],
  { folder, path }: Teller,
): Pick<Found, "images"> & { readonly warnings: string[] } {
  const files = new Set(folder.files);
  const absent = [...new Set(images.filter((image) => !files.has(image.path)).map((image) => image.path))];
  const more = absent.length > LISTED ? ` and ${absent.length - LISTED} more` : "";
  return {
    images: images.filter((image) => files.has(image.path)),
    warnings:
      absent.length === 0
        ? []
        : [`${path} tells of files that are not there: ${absent.slice(0, LISTED).join(", ")}${more}`],
  };
}

/** Records without what says which image they are of. */
export function incomplete(count: number, path: string): string[] {
  return count === 0 ? [] : [`${path}: ${count} images without row, column or file name are left out`];
}
