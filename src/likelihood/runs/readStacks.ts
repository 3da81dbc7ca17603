import { VitrineError } from "../../core/index.ts";
import { readTorchTensor } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { type ImageDescriptor, incompatibilities } from "../descriptor/descriptor.ts";
import type { ParticleStackPaths } from "../files.ts";
import { type AnglesFrom, type PolarCtf, polarCtf } from "../images/polarCtf.ts";
import { readStackMetadata, type StackMetadata } from "../particles/stackMetadata.ts";
import { isDouble } from "../precision.ts";
import { type PolarStack, requireFinite } from "../stacks.ts";

/** Reads a stack of polar images or templates in the precision of a descriptor. @throws {VitrineError} type, shape: no complex stack on the grid; range: what is not finite */
export async function readPolarStack(
  path: string,
  { polarGrid, precision }: ImageDescriptor,
): Promise<PolarStack> {
  const { dtype, shape, data } = await readTorchTensor(path);
  const [count, shells, inplanes] = shape;
  const isFloat = data instanceof Float32Array || data instanceof Float64Array;
  if (shape.length !== 3 || !isFloat || !dtype.startsWith("c")) {
    const expected = "a complex tensor (images, shells, inplanes)";
    throw new VitrineError({ code: "type", at: path, expected, found: `${dtype} (${shape.join(", ")})` });
  }
  if (shells !== polarGrid.nShells || inplanes !== polarGrid.nInplanes) {
    const expected = `${polarGrid.nShells} shells of ${polarGrid.nInplanes} angles, as the parameters say`;
    const hint = "Make templates and particles with the same parameters file";
    throw new VitrineError({ code: "shape", at: path, expected, found: `${shells} of ${inplanes}`, hint });
  }
  const isRight = isDouble(precision) === data instanceof Float64Array;
  const values = isRight ? data : isDouble(precision) ? Float64Array.from(data) : Float32Array.from(data);
  const stack: PolarStack = { shape: [count, shells, inplanes], data: values };
  requireFinite(stack, path);
  return stack;
}

/** Particles with what they are seen through. */
export interface ParticleStack {
  readonly images: PolarStack;
  readonly ctf: PolarCtf;
}

/** How CTFs of particles are made: see `polarCtf`. */
export interface CtfChoices {
  readonly ctfEnvelope?: boolean;
  /** What defocus angles are counted from; default what the stack says, else `rows` as CryoLike, which does not say it. */
  readonly ctfAngles?: AnglesFrom;
  readonly compat?: boolean;
  readonly onLog?: Log;
}

/** Reads a stack of particles and its metadata. @throws {VitrineError} as `readPolarStack` and `readStackMetadata`; shape: other parameters, or images without a CTF */
export async function readParticleStack(
  { fourier, metadata }: ParticleStackPaths,
  descriptor: ImageDescriptor,
  choices: CtfChoices,
): Promise<ParticleStack> {
  const own = await readStackMetadata(metadata);
  const differences = incompatibilities(descriptor, own.descriptor);
  if (differences.length > 0) {
    const hint = "Make templates and particles with the same parameters file";
    const found = differences.join(", ");
    throw new VitrineError({
      code: "shape",
      at: metadata,
      expected: "the parameters of the run",
      found,
      hint,
    });
  }
  const images = await readPolarStack(fourier, descriptor);
  if (own.count !== images.shape[0]) {
    const expected = `${own.count} images, as its metadata say`;
    throw new VitrineError({ code: "shape", at: fourier, expected, found: `${images.shape[0]}` });
  }
  const options = {
    grid: descriptor.polarGrid,
    boxSizeA: descriptor.boxSizeA[0],
    envelope: choices.ctfEnvelope ?? false,
    anglesFrom: anglesOf(own, metadata, choices),
    compat: choices.compat ?? false,
  };
  return { images, ctf: polarCtf(own.lens, options) };
}

function anglesOf(
  { anglesFrom, lens }: StackMetadata,
  metadata: string,
  { ctfAngles, compat, onLog }: CtfChoices,
): AnglesFrom {
  if (ctfAngles !== undefined) return ctfAngles;
  if (compat) return "rows";
  const isAstigmatic = Array.from(lens.defocusUA).some((u, m) => u !== lens.defocusVA[m]);
  if (anglesFrom === undefined && isAstigmatic)
    onLog?.(
      `${metadata}: a stack of CryoLike, which takes defocus angles from rows; if it has those of RELION or cryoSPARC, --ctf-angles columns is right`,
      "warning",
    );
  return anglesFrom ?? "rows";
}
