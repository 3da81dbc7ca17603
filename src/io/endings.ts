import { VitrineError } from "../core/index.ts";

/** Endings that tell readers what a file is. */
const KNOWN =
  /\.(mrcs?|map|rec|st|ali|ccp4|tiff?|npy|npz|zarr|png|jpe?g|csv|star|h5|hdf5|ya?ml|json|pdb|ent|(mm)?cif|cs)$/i;

/** The ending of a path with its dot, for messages. */
export function endingOf(path: string): string {
  return /\.[^./\\]*$/.exec(path)?.[0] ?? "no ending";
}

/**
 * Refuses a result whose name promises another format than the one that is written; a name that promises nothing is the user's affair.
 *
 * @param wanted    the endings of the format
 * @param expected  in words: "a name that ends with .mrc"
 * @throws {VitrineError} range
 */
export function refuseOtherEnding(path: string, wanted: RegExp, expected: string): void {
  if (!KNOWN.test(path) || wanted.test(path)) return;
  throw new VitrineError({ code: "range", at: path, expected, found: endingOf(path) });
}

/** Refuses a name of a picture that promises another format than PNG; none is fine. @throws {VitrineError} range */
export function refuseOtherPicture(path: string | undefined): void {
  if (path === undefined || endingOf(path) === "no ending" || /\.png$/i.test(path)) return;
  throw new VitrineError({
    code: "range",
    at: `picture ${path}`,
    expected: "a name that ends with .png",
    found: endingOf(path),
    hint: "Pictures are written as PNG",
  });
}

/** Of maps and micrographs. */
export const MRC_NAME = /\.(mrcs?|map|rec|st|ali|ccp4)$/i;
