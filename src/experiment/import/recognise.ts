import type { Found, ImageFolder } from "./found.ts";
import { byTemplates, type NameOptions } from "./names.ts";

/**
 * What a folder is from: metadata of microscopes tell of the folders that they are in; the files of which none tells are known by their
 * names, folder by folder.
 *
 * @throws {VitrineError} format: metadata that cannot be read; missing: numbered wells, and no format
 */
export async function recognise(folder: ImageFolder, options: NameOptions): Promise<readonly Found[]> {
  return byTemplates(folder.files, options);
}
