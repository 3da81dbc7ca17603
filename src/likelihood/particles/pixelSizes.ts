import { VitrineError } from "../../core/index.ts";
import type { Log } from "../../program/index.ts";
import { type ImageDescriptor, withPixelSize } from "../descriptor/descriptor.ts";
import type { PlannedSource } from "./planStacks.ts";

/** Two pixel sizes that differ by less, as a share, are one that was rounded. */
const TOLERANCE = 1e-3;

/** What is said of pixel sizes. */
export interface PixelSizeOptions {
  /** Å of a pixel of the files, which a user gives. */
  readonly pixelSizeA?: number | undefined;
  /** Pixels that become one. */
  readonly factor: number;
  readonly onLog?: Log | undefined;
}

/**
 * The descriptor of the stacks: that of the parameters, with the pixel size of the user where it is given. What files and tables say of it
 * must agree.
 *
 * @throws {VitrineError} undeterminable: tables that differ; range: a size of the user that is not the table's, or one of the files that is
 *   not that of the parameters
 */
export function descriptorOfStacks(
  descriptor: ImageDescriptor,
  sources: readonly PlannedSource[],
  { pixelSizeA: given, factor, onLog }: PixelSizeOptions,
): ImageDescriptor {
  const recorded = recordedSize(sources);
  const own = descriptor.pixelSizeA[0];
  if (given !== undefined && recorded !== undefined && differ(given, recorded.sizeA))
    throw wrong(
      "range",
      recorded.from,
      `the pixel size that is given, ${given} Å`,
      `${recorded.sizeA} Å`,
      "Leave --pixel-size out to take that of the table",
    );
  const raw = given ?? recorded?.sizeA;
  warnOfHeaders(sources, raw ?? own / factor, onLog);
  const header = headerSize(sources);
  if (raw === undefined && header === undefined)
    onLog?.(
      `no file says its pixel size: that of the parameters, ${own} Å${factor > 1 ? ` after down-sampling by ${factor}` : ""}, is taken`,
      "warning",
    );
  const final = (raw ?? header ?? own / factor) * factor;
  if (!differ(final, own)) return descriptor;
  if (given === undefined) {
    const from = recorded?.from ?? `${sources[0].path} header.voxelSizeA`;
    const found = `${final} Å${factor > 1 ? ` after down-sampling by ${factor}` : ""}`;
    throw wrong(
      "range",
      from,
      `the pixel size of the parameters, ${own} Å`,
      found,
      "Make parameters for these images, or say their pixel size (--pixel-size)",
    );
  }
  onLog?.(
    `the pixel size of the parameters, ${own} Å, is replaced by ${final} Å: templates must have it as well`,
    "warning",
  );
  return withPixelSize(descriptor, [final, final]);
}

function recordedSize(
  sources: readonly PlannedSource[],
): { readonly sizeA: number; readonly from: string } | undefined {
  const all = sources.flatMap(({ lens: { pixelSizeA, name } }) =>
    pixelSizeA === null ? [] : [{ sizeA: pixelSizeA, from: name }],
  );
  const other = all.find(({ sizeA }) => differ(sizeA, all[0].sizeA));
  if (other === undefined) return all[0];
  throw wrong(
    "undeterminable",
    other.from,
    `the pixel size of ${all[0].from}, ${all[0].sizeA} Å`,
    `${other.sizeA} Å`,
    "Convert them one after the other, each with its own parameters",
  );
}

/** What all headers that say something agree in. */
function headerSize(sources: readonly PlannedSource[]): number | undefined {
  const sizes = sources.map(({ header }) => header.voxelSizeA[0]).filter((size) => size > 0);
  // 1 Å is what programs write that do not know
  return sizes.length > 0 && sizes.every((size) => !differ(size, sizes[0]) && size !== 1)
    ? sizes[0]
    : undefined;
}

function warnOfHeaders(sources: readonly PlannedSource[], usedA: number, onLog: Log | undefined): void {
  const odd = sources.find(
    ({ header }) =>
      header.voxelSizeA[0] > 0 && header.voxelSizeA[0] !== 1 && differ(header.voxelSizeA[0], usedA),
  );
  if (odd !== undefined)
    onLog?.(
      `${odd.path}: its header says pixels of ${Number(odd.header.voxelSizeA[0].toPrecision(6))} Å, not of ${usedA} Å`,
      "warning",
    );
}

function differ(a: number, b: number): boolean {
  return Math.abs(a - b) > TOLERANCE * Math.max(a, b);
}

function wrong(
  code: "range" | "undeterminable",
  at: string,
  expected: string,
  found: string,
  hint: string,
): VitrineError {
  return new VitrineError({ code, at, expected, found, hint });
}
