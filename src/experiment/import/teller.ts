import { counted } from "../../core/index.ts";
import { type Found, type FoundImage, folderOf, type ImageFolder } from "./found.ts";
import { locatorOf } from "./locate.ts";
import type { NameOptions } from "./names.ts";
import { firstFew } from "./notes.ts";

/** A file of metadata that tells of the images around it. */
export interface Teller {
  /** Where it lies, relative to the folder. */
  readonly path: string;
  readonly folder: ImageFolder;
  readonly options: NameOptions;
}

/** Reads one. @throws {VitrineError} format: metadata that cannot be read; undefined where it tells of no images */
export type ReadTeller = (teller: Teller) => Promise<Found | undefined>;

/** Images by the files that are there, without those whose file is not, which are named once. */
export function presentImages(
  images: readonly FoundImage[],
  { folder, path }: Teller,
): Pick<Found, "images"> & { readonly warnings: string[] } {
  const { locate, moved } = locatorOf(folder.files, folderOf(path));
  const absent = new Set<string>();
  const present = images.flatMap((image) => {
    const there = locate(image.path);
    if (there === undefined) absent.add(image.path);
    return there === undefined ? [] : [there === image.path ? image : { ...image, path: there }];
  });
  const warnings: string[] = [];
  if (absent.size > 0) warnings.push(`${path} tells of files that are not there: ${firstFew([...absent])}`);
  if (moved.length > 0)
    warnings.push(
      `${path} tells of other folders (${moved[0]}): ${counted(moved.length, "image")} taken by name`,
    );
  return { images: present, warnings };
}

/** Records without what says which image they are of. */
export function incomplete(count: number, path: string): string[] {
  return count === 0 ? [] : [`${path}: ${counted(count, "image")} without row, column or file name left out`];
}
