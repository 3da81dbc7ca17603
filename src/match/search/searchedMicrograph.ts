import { type Image, type Shape2, VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import type { MatchOptics, MatchSettings } from "../config/config.ts";
import { suffixedResults } from "./resultNames.ts";
import { readMicrograph, type TiffOptions } from "./searchInputs.ts";

/** A micrograph that is searched in the place of the one that a configuration names. */
export interface MicrographChoice {
  readonly path: string;
  /** Of its optics group, in the place of the configuration's. */
  readonly optics?: Partial<MatchOptics>;
  /** Whether who read these optics has said what is odd about them. */
  readonly isLookedAt?: boolean;
  /** What the names of its maps have before their extension, so that those of other micrographs are not theirs. */
  readonly suffix: string;
}

/**
 * Settings with another micrograph. A pixel size that is not the configuration's is worth a word: the template is taken to have it too.
 */
export function withMicrograph(
  settings: MatchSettings,
  choice: MicrographChoice | undefined,
  onLog?: Log,
): MatchSettings {
  if (choice === undefined) return settings;
  const { path, optics, suffix } = choice;
  const [own, given] = [settings.optics.pixelSizeA, optics?.pixelSizeA ?? settings.optics.pixelSizeA];
  if (Math.abs(given - own) > 1e-3 * own)
    onLog?.(`${path}: pixels of ${given} Å, not the configuration's ${own} Å; the template's too`, "warning");
  return {
    ...settings,
    micrographPath: path,
    optics: { ...settings.optics, ...optics },
    results: suffixedResults(settings.results, suffix),
  };
}

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
  static async read(
    path: string,
    { keeps, ...options }: TiffOptions & { readonly keeps: boolean },
  ): Promise<SearchedMicrograph> {
    return new SearchedMicrograph(path, await readMicrograph(path, options), keeps);
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
