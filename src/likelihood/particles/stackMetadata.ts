import { VitrineError } from "../../core/index.ts";
import type { FileSource, NpyValueContent } from "../../io/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { descriptorEntries, descriptorOf, integer, NONE, real } from "../descriptor/descriptorFile.ts";
import { type PlainArchive, readPlainArchive } from "../descriptor/plainValues.ts";
import type { AnglesFrom, Lens } from "../images/polarCtf.ts";
import type { LensTable } from "./lensTable.ts";

/** What is said of a stack beside its lens. */
export interface StackPlace {
  /** Where in its own file the stack began, of a table that comes with a stack. */
  readonly start?: number;
  /** The lists of files and images of the whole table, as CryoLike keeps them in every stack of it. */
  readonly whole?: LensTable;
  /** What defocus angles of the table are counted from, as an entry that CryoLike does not have (and does not mind). */
  readonly anglesFrom?: AnglesFrom;
}

const ANGLES_FROM = "defocusAngleFrom";

/** The entries of a stack's `.npz`, in the order and types of CryoLike's. */
export function stackEntries(
  descriptor: ImageDescriptor,
  lens: LensTable,
  { start, whole = lens, anglesFrom }: StackPlace,
): [name: string, content: NpyValueContent][] {
  const list = (values: Float64Array): NpyValueContent => ({
    shape: [values.length],
    data: lens.kind === "cs" ? Float32Array.from(values) : values,
  });
  const optional = (values: Float64Array | undefined) => (values === undefined ? NONE : list(values));
  const any = (values: number | Float64Array | null) =>
    values === null ? NONE : typeof values === "number" ? real(values) : list(values);
  return [
    ...descriptorEntries(descriptor),
    ["defocusU", list(lens.defocusUA)],
    ["defocusV", list(lens.defocusVA)],
    ["defocusAngle", list(lens.defocusAngleRad)],
    ["phaseShift", list(lens.phaseShiftRad)],
    ["sphericalAberration", real(lens.csMm)],
    ["voltage", real(lens.voltageKv)],
    ["amplitudeContrast", real(lens.amplitudeContrast)],
    ["angleRotation", optional(lens.angles?.rotation)],
    ["angleTilt", optional(lens.angles?.tilt)],
    ["anglePsi", optional(lens.angles?.psi)],
    ["ref_pixel_size", pixelSize(lens)],
    ...imageEntries(whole),
    ["ctfBfactor", any(lens.bFactorA2)],
    ["ctfScalefactor", any(lens.scale)],
    ["n_images", integer(lens.count)],
    ...(start === undefined
      ? []
      : ([
          ["stack_start", integer(start)],
          ["stack_end", integer(start + lens.count)],
        ] as const)),
    ...(anglesFrom === undefined
      ? []
      : [[ANGLES_FROM, { dtype: "U", shape: [], data: [anglesFrom] }] as const]),
  ] as [string, NpyValueContent][];
}

/** One number of a STAR file, one of each axis of a `.cs`; nothing of tables that come with a stack. */
function pixelSize({ pixelSizeA, images, kind }: LensTable): NpyValueContent {
  if (pixelSizeA === null || images === null) return NONE;
  const sizes = kind === "cs" ? [pixelSizeA, pixelSizeA] : [pixelSizeA];
  return { shape: [sizes.length], data: Float64Array.from(sizes) };
}

function imageEntries({ images, kind }: LensTable): [name: string, content: NpyValueContent][] {
  if (images === null)
    return [
      ["files", NONE],
      ["idxs", NONE],
    ];
  const { files, indices } = images;
  return [
    ["files", { dtype: kind === "cs" ? "S" : "U", shape: [files.length], data: files }],
    [
      "idxs",
      {
        shape: [indices.length],
        data: kind === "cs" ? Uint32Array.from(indices) : BigInt64Array.from(indices, BigInt),
      },
    ],
  ];
}

/** The metadata of a stack of particles. */
export interface StackMetadata {
  readonly descriptor: ImageDescriptor;
  readonly lens: Lens;
  readonly count: number;
  /** What defocus angles are counted from; stacks of CryoLike do not say it. */
  readonly anglesFrom?: AnglesFrom;
}

/**
 * Reads the `.npz` beside a stack of particles.
 *
 * @throws {VitrineError} as `readImageDescriptor`; missing, type, shape: an entry of the lens that is not there, is something else, or has
 *   another length than there are images
 */
export async function readStackMetadata(source: FileSource): Promise<StackMetadata> {
  const archive = await readPlainArchive(source);
  const descriptor = descriptorOf(archive);
  const count = numberAt(archive, "n_images");
  const list = (name: string) => listAt(archive, name, count);
  const optional = (name: string) => {
    const value = archive.values[name];
    if (value === null || value === undefined) return null;
    // lists of CryoLike's are those of the whole table: whoever uses them looks at their length
    return Array.isArray(value) ? listAt(archive, name, value.length) : numberAt(archive, name);
  };
  const lens: Lens = {
    defocusUA: list("defocusU"),
    defocusVA: list("defocusV"),
    defocusAngleRad: list("defocusAngle"),
    phaseShiftRad: list("phaseShift"),
    csMm: numberAt(archive, "sphericalAberration"),
    voltageKv: numberAt(archive, "voltage"),
    amplitudeContrast: numberAt(archive, "amplitudeContrast"),
    bFactorA2: optional("ctfBfactor"),
    scale: optional("ctfScalefactor"),
  };
  const anglesFrom = anglesAt(archive);
  return { descriptor, lens, count, ...(anglesFrom && { anglesFrom }) };
}

function anglesAt({ name, values }: PlainArchive): AnglesFrom | undefined {
  const value = values[ANGLES_FROM];
  if (value === undefined || value === "rows" || value === "columns") return value;
  throw wrong("range", `${name} ${ANGLES_FROM}`, { expected: "rows or columns", found: shown(value) });
}

function numberAt({ name, values }: PlainArchive, key: string): number {
  const value = Array.isArray(values[key]) && values[key].length === 1 ? values[key][0] : values[key];
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw wrong(value === undefined ? "missing" : "type", `${name} ${key}`, {
    expected: "a number",
    found: shown(value),
  });
}

function listAt({ name, values }: PlainArchive, key: string, count: number): Float64Array {
  const value = values[key];
  const at = `${name} ${key}`;
  if (typeof value === "number" && key === "phaseShift") return new Float64Array(count).fill(value);
  if (!Array.isArray(value) || value.some((item) => typeof item !== "number" || !Number.isFinite(item)))
    throw wrong(value === undefined ? "missing" : "type", at, {
      expected: `${count} numbers`,
      found: shown(value),
    });
  if (value.length !== count)
    throw wrong("shape", at, { expected: `${count} numbers, as many as images`, found: `${value.length}` });
  return Float64Array.from(value);
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  return Array.isArray(value) ? `a list of ${value.length}` : JSON.stringify(value);
}

function wrong(
  code: "missing" | "type" | "shape" | "range",
  at: string,
  { expected, found }: { readonly expected: string; readonly found: string },
): VitrineError {
  return new VitrineError({ code, at, expected, found });
}
