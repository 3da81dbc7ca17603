import { type Image, type Shape2, VitrineError } from "../../core/index.ts";
import { readMicrograph } from "./searchInputs.ts";

/** The micrograph of a search: read once, and kept no longer than its pixels are needed, since a large search needs the memory. */
export class SearchedMicrograph {
  readonly path: string;
  readonly shape: Shape2;
  readonly #isKept: boolean;
  #image: Image | undefined;

  private constructor(path: string, image: Image, isKept: boolean) {
    this.path = path;
    this.shape = image.shape;
    this.#image = image;
    this.#isKept = isKept;
  }

  /**
   * Reads it, MRC or TIFF.
   *
   * @param keeps  whether the pixels are wanted after the search too, for a picture
   * @throws {VitrineError} as `readMicrograph`
   */
  static async read(path: string, { keeps }: { readonly keeps: boolean }): Promise<SearchedMicrograph> {
    return new SearchedMicrograph(path, await readMicrograph(path), keeps);
  }

  /** @throws {VitrineError} missing: after {@link release} */
  get image(): Image {
    if (this.#image !== undefined) return this.#image;
    const found = "that they were released";
    throw new VitrineError({ code: "missing", at: this.path, expected: "its pixels in memory", found });
  }

  /** Forgets the pixels, unless they are kept. */
  release(): void {
    if (!this.#isKept) this.#image = undefined;
  }
}
