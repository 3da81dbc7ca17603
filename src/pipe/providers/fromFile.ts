import { VitrineError } from "../../core/index.ts";
import {
  convertUnit,
  type ImageSource,
  type OptionKeys,
  openImage,
  requireKnownOptions,
  volumeAxes,
} from "../../io/index.ts";
import { callName } from "../curry.ts";
import { type PipeImage, requirePositive, toPipeImage } from "../image.ts";
import { createProvider, type ImageProvider } from "../pipeline.ts";
import { RESCALE_KEYS, type RescaleOptions, rescaler, TOLERANCE } from "./fromArray.ts";
import { once } from "./once.ts";

/** Sides of voxels that differ by more are not cubes; old headers round theirs. */
const LARGEST_SIDE_DIFFERENCE = 0.01;

/** How files are read, and who hears what was guessed. */
export interface FromFileOptions extends RescaleOptions {
  /** Called when the file is read, with what it leaves open or hides: sections of a stack of images are taken for those of a volume. */
  readonly onLog?: (message: string, kind: "warning") => void;
}

const KEYS: OptionKeys<FromFileOptions> = { ...RESCALE_KEYS, onLog: true };

/**
 * An image of a file (MRC, TIFF, OME-Zarr, `.npy`, whatever `openImage` takes), rescaled to the scale that is asked for. It is read
 * once, at the first call.
 *
 * @param originalScale  nm/pixel; default the file's own
 * @param tolerance      where the scales differ by less than this share, the image stays as it is; default 0.01
 * @throws {VitrineError} range: a scale that is not above 0; when called, the errors of `openImage`; missing: a file without a
 *   pixel size, and no `originalScale`; shape: no volume (several channels, times, colours); unsupported: voxels that are no cubes
 */
export function fromFile(
  path: string,
  originalScale?: number,
  tolerance = TOLERANCE,
  options: FromFileOptions = {},
): ImageProvider {
  requireKnownOptions("fromFile", options, KEYS);
  if (originalScale !== undefined) requirePositive(originalScale, "fromFile originalScale");
  const { onLog, ...rescale } = options;
  const read = once(() => readVolume(path, originalScale, onLog));
  return createProvider(
    async (scale) => {
      const { image, scale: own } = await read();
      return rescaler({ originalScale: own, tolerance, ...rescale })(image, scale);
    },
    callName("fromFile", [path, originalScale]),
  );
}

/** Several files, as {@link fromFile} each: templates that are tried in turn. */
export function fromFiles(
  paths: readonly string[],
  originalScale?: number,
  tolerance = TOLERANCE,
  options: FromFileOptions = {},
): ImageProvider<readonly PipeImage[]> {
  requireKnownOptions("fromFiles", options, KEYS);
  const providers = paths.map((path) => fromFile(path, originalScale, tolerance, options));
  return createProvider(
    (scale) => Promise.all(providers.map((provider) => provider(scale))),
    callName("fromFiles", [paths, originalScale]),
  );
}

async function readVolume(path: string, originalScale: number | undefined, onLog: FromFileOptions["onLog"]) {
  await using source = await openImage(path);
  const {
    places: [z, y, x],
    warnings,
  } = volumeAxes(source);
  const scale = originalScale ?? scaleOf(source, [z, y, x]);
  if (originalScale !== undefined) tellOther(source, originalScale, { x, onLog });
  const { data } = await source.read();
  for (const line of warnings) onLog?.(line, "warning");
  const { shape } = source.levels[0];
  const lengths = [z, y, x].map((axis) => (axis < 0 ? 1 : shape[axis]));
  return { image: toPipeImage({ data, shape: lengths }, source.name), scale };
}

function scaleOf({ name, axes, levels }: ImageSource, places: readonly number[]): number {
  const sides = places
    // Sections of a stack of images tell no distance.
    .filter((axis) => axis >= 0 && axes[axis].name !== "time")
    .map((axis) => nanometres(levels[0].scale[axis], axes[axis].unit));
  const side = sides[sides.length - 1];
  if (!(side > 0)) throw noScale(name);
  if (sides.every((one) => Math.abs(one / side - 1) <= LARGEST_SIDE_DIFFERENCE)) return side;
  const found = `${sides.join(" x ")} nm (z, y, x)`;
  const hint = "Give the scale as the second argument to take the voxels for cubes";
  throw new VitrineError({ code: "unsupported", at: name, expected: "voxels that are cubes", found, hint });
}

/** A file that says another scale than the one that is given, which counts, may be another file. */
function tellOther(
  { name, axes, levels }: ImageSource,
  given: number,
  { x, onLog }: { readonly x: number; readonly onLog: FromFileOptions["onLog"] },
): void {
  const own = nanometres(levels[0].scale[x], axes[x].unit);
  if (own > 0 && Math.abs(own / given - 1) > LARGEST_SIDE_DIFFERENCE)
    onLog?.(`${name} says ${Number(own.toPrecision(6))} nm/voxel; ${given} is taken, as given`, "warning");
}

function nanometres(value: number, unit: string | undefined): number {
  return (unit === undefined ? undefined : convertUnit(value, unit, "nanometer")) ?? Number.NaN;
}

function noScale(at: string): VitrineError {
  const hint =
    "Give it as the second argument of fromFile or with --template-scale or --mask-scale, in nm/pixel";
  return new VitrineError({ code: "missing", at, expected: "a pixel size", found: "none", hint });
}
