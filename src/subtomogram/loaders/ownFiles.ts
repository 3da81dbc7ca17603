import { type ImageSource, openImage } from "../../io/index.ts";
import type { Tomogram } from "../sampling/tomogram.ts";

/** Files of loaders that nobody has closed yet: Node closes what is collected too, but with a warning that it will be an error. */
const open = new Set<ImageSource>();
/** Of which file a tomogram is. */
const files = new WeakMap<Tomogram, ImageSource>();

/**
 * Opens an image for a loader, which has it until {@link closeOwn}; it is closed where no loader comes of it.
 *
 * @param make  gets the source, and what makes a tomogram of it the loader's own
 * @throws {VitrineError} as `openImage` and `make`
 */
export async function openOwn<Made>(
  path: string,
  make: (source: ImageSource, own: (tomogram: Tomogram) => Tomogram) => Made,
): Promise<Made> {
  const source = await openImage(path);
  try {
    const made = make(source, (tomogram) => {
      files.set(tomogram, source);
      return tomogram;
    });
    open.add(source);
    return made;
  } catch (error) {
    await source.close();
    throw error;
  }
}

/** A tomogram that reads another one is of the same file. */
export function sharesFile(tomogram: Tomogram, from: Tomogram): Tomogram {
  const source = files.get(from);
  if (source !== undefined) files.set(tomogram, source);
  return tomogram;
}

/** Closes the file of a tomogram, once, where a loader opened it. */
export async function closeOwn(tomogram: Tomogram): Promise<void> {
  const source = files.get(tomogram);
  if (source !== undefined && open.delete(source)) await source.close();
}
