import { type ImageSource, openImage } from "../../io/index.ts";

/** Files of loaders that nobody can close: Node closes what is collected too, but with a warning that it will be an error. */
const opened = new Set<ImageSource>();

/** Opens an image that stays open while the process lives. @throws {VitrineError} as {@link openImage} */
export async function openForLife(path: string): Promise<ImageSource> {
  const source = await openImage(path);
  opened.add(source);
  return source;
}
