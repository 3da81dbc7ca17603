import { z } from "zod";
import { requireKnownOptions, VitrineError } from "../../core/index.ts";
import {
  type FileSource,
  type NpyValueContent,
  parseWithSchema,
  type WriteOptions,
  writeNpzValues,
} from "../../io/index.ts";
import { createDescriptor, type DescriptorValues, type ImageDescriptor, type Xy } from "./descriptor.ts";
import { type PlainArchive, readPlainArchive } from "./plainValues.ts";

const above = z.number().gt(0);
const whole = z.int().gt(0);
/** One number stands for both axes. */
const pair = <T extends z.ZodType<number>>(item: T) =>
  z.union([item.transform((value): Xy => [value, value]), z.tuple([item, item])]);

/** The keys of a descriptor as its file has them; a stack's file has more. */
const fileSchema = z.object({
  n_pixels: pair(whole),
  pixel_size: pair(above),
  radius_max: above,
  dist_radii: above,
  n_inplanes: whole,
  precision: z.enum(["single", "double", "default"]),
  viewing_distance: above,
  atom_radii: z.union([z.null(), above, z.array(above).min(1)]),
  atom_selection: z.union([z.null(), z.string(), z.array(z.string()).length(1)]),
  use_protein_residue_model: z.boolean(),
  atom_shape: z.enum(["gaussian", "hard-sphere", "default"]),
});

/** Names of the entries of a descriptor's file. */
export const DESCRIPTOR_KEYS = Object.keys(fileSchema.shape);

/**
 * Reads a `parameters.npz`, or the descriptor of a stack's `.npz`.
 *
 * @throws {VitrineError} as `readNpzValues`; missing, type, range, format: an entry that is not there, or is something else
 */
export async function readImageDescriptor(source: FileSource): Promise<ImageDescriptor> {
  return descriptorOf(await readPlainArchive(source));
}

/** A descriptor as it is, or read from its file. @throws {VitrineError} as {@link readImageDescriptor} */
export async function ensureDescriptor(input: string | ImageDescriptor): Promise<ImageDescriptor> {
  return typeof input === "string" ? readImageDescriptor(input) : input;
}

/** The descriptor among an archive's values. @throws {VitrineError} as {@link readImageDescriptor} */
export function descriptorOf({ name, values }: PlainArchive): ImageDescriptor {
  const own = Object.fromEntries(Object.entries(values).filter(([key]) => DESCRIPTOR_KEYS.includes(key)));
  const read = parseWithSchema(own, fileSchema, name);
  const content: DescriptorValues = {
    nPixels: read.n_pixels,
    pixelSizeA: read.pixel_size,
    radiusMax: read.radius_max,
    distRadii: read.dist_radii,
    nInplanes: read.n_inplanes,
    precision: read.precision,
    viewingDistance: read.viewing_distance,
    atomRadiiA: oneRadius(read.atom_radii, name),
    atomSelection: Array.isArray(read.atom_selection) ? read.atom_selection[0] : read.atom_selection,
    useProteinResidueModel: read.use_protein_residue_model,
    atomShape: read.atom_shape,
  };
  return createDescriptor(content);
}

function oneRadius(radii: null | number | readonly number[], name: string): number | null {
  if (radii === null || typeof radii === "number") return radii;
  const found = [...new Set(radii)];
  if (found.length === 1) return found[0];
  throw new VitrineError({
    code: "unsupported",
    at: `${name} atom_radii`,
    expected: "one radius of all atoms",
    found: `${found.length}`,
  });
}

/**
 * Writes a descriptor as CryoLike saves its own.
 *
 * @throws {VitrineError} unsupported: viewing angles of a list, which the file has no place for; and the errors of `writeFileAtomic`
 */
export async function writeImageDescriptor(
  path: string,
  descriptor: ImageDescriptor,
  options: WriteOptions = {},
): Promise<void> {
  requireKnownOptions("writeImageDescriptor", options, { overwrite: true, durability: true });
  await writeNpzValues(path, descriptorEntries(descriptor), options);
}

/** The entries of a descriptor's file, in the order and types of CryoLike's. @throws {VitrineError} unsupported: as {@link writeImageDescriptor} */
export function descriptorEntries(descriptor: ImageDescriptor): [name: string, content: NpyValueContent][] {
  const { polarGrid, viewingDistance, atomRadiiA, atomSelection } = descriptor;
  if (viewingDistance === null)
    throw new VitrineError({
      code: "unsupported",
      at: "writeImageDescriptor viewingDistance",
      expected: "viewing angles of a distance",
      found: "a list of angles",
      hint: "Keep the list beside it, and make templates with it in one program",
    });
  return [
    ["n_pixels", { shape: [2], data: BigInt64Array.from(descriptor.nPixels, BigInt) }],
    ["pixel_size", { shape: [2], data: Float64Array.from(descriptor.pixelSizeA) }],
    ["radius_max", real(polarGrid.radiusMax)],
    ["dist_radii", real(polarGrid.distRadii)],
    ["n_inplanes", integer(polarGrid.nInplanes)],
    ["precision", text(descriptor.precision)],
    ["viewing_distance", real(viewingDistance)],
    ["atom_radii", atomRadiiA === null ? NONE : real(atomRadiiA)],
    ["atom_selection", atomSelection === null ? NONE : text(atomSelection)],
    [
      "use_protein_residue_model",
      { dtype: "b1", shape: [], data: Uint8Array.of(descriptor.useProteinResidueModel ? 1 : 0) },
    ],
    ["atom_shape", text(descriptor.atomShape)],
  ];
}

/** Python's None. */
export const NONE: NpyValueContent = { dtype: "O", shape: [], data: [null] };

/** One float64. */
export function real(value: number): NpyValueContent {
  return { shape: [], data: Float64Array.of(value) };
}

/** One int64. */
export function integer(value: number): NpyValueContent {
  return { shape: [], data: BigInt64Array.of(BigInt(value)) };
}

function text(value: string): NpyValueContent {
  return { dtype: "U", shape: [], data: [value] };
}
