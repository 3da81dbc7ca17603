import { VitrineError, type Volume } from "../../core/index.ts";
import {
  fileExists,
  openMrc,
  prepareResultFiles,
  readAtoms,
  readMrcVolume,
  refuseUnknownKeys,
  writeNpyValue,
  writeTorch,
} from "../../io/index.ts";
import { type Log, type ProgramOptions, withPool } from "../../program/index.ts";
import type { ImageDescriptor } from "../descriptor/descriptor.ts";
import { ensureDescriptor } from "../descriptor/descriptorFile.ts";
import { templateListPath, templatesPath } from "../files.ts";
import { normalizePolarImages } from "../images/polar.ts";
import { isDouble } from "../precision.ts";
import type { PolarStack } from "../stacks.ts";
import { type AtomicModel, atomicModel } from "./atomicModel.ts";
import { templatesFromAtoms } from "./fromAtoms.ts";
import { templatesFromVolume } from "./fromVolume.ts";
import type { TemplateOptions } from "./makeStack.ts";

/** A structure: the path of a map (.mrc, .mrcs, .map) or of atoms (.pdb, .ent, .cif, .mmcif, all packed by gzip or not), or a map in memory. */
export type TemplateInput = string | Volume;

/** What `makeTemplatesFromInputs` takes beside its inputs. */
export interface MakeTemplatesOptions extends ProgramOptions {
  /** Default `./templates`. */
  readonly folderOutput?: string;
  /** Å of a voxel of all maps, whatever their headers say. */
  readonly voxelSizeA?: number;
  /** Replace templates that are there. */
  readonly overwrite?: boolean;
  /** Gets every stack when it is written. */
  readonly onTemplates?: (made: MadeTemplates) => void | Promise<void>;
}

/** The templates of a structure, written. */
export interface MadeTemplates {
  /** Of the structure: its file without ending, or `tensor_2` of the third input in memory. */
  readonly name: string;
  readonly path: string;
  readonly stack: PolarStack;
  readonly descriptor: ImageDescriptor;
}

/** What was made. */
export interface TemplatesReport {
  /** The list of all, as texts of numpy. */
  readonly list: string;
  readonly files: readonly string[];
  /** Viewing angles of each. */
  readonly templates: number;
}

const KEYS = "folderOutput voxelSizeA overwrite workers signal onProgress onLog onBackend onTemplates".split(
  " ",
);
const MAP = /\.(mrcs?|map)(\.gz)?$/i;
const ATOMS = /\.(pdb|ent|cif|mmcif)(\.gz)?$/i;

/** What 32 bits of a zip archive address. */
const MOST_BYTES = 2 ** 32 - 2 ** 20;

/**
 * Makes the templates of structures, of norm 1 over the disc, and the list of their files.
 *
 * @param imageParameters  a descriptor, or the path of its `parameters.npz`
 * @throws {VitrineError} format: an ending that is neither of maps nor of atoms; missing: files; range: more templates than a file holds;
 *   exists: templates that are there; and the errors of `templatesFromVolume`, `atomicModel`, `templatesFromAtoms`
 *
 * @example
 * await makeTemplatesFromInputs(["vol.mrc", "model.pdb"], "parameters.npz", { folderOutput: "templates" });
 * // templates/templates_fourier_vol.pt, templates/templates_fourier_model.pt, templates/template_file_list.npy
 */
export async function makeTemplatesFromInputs(
  listOfInputs: readonly TemplateInput[],
  imageParameters: string | ImageDescriptor,
  options: MakeTemplatesOptions = {},
): Promise<TemplatesReport> {
  refuseUnknownKeys(options, { known: KEYS, at: "makeTemplatesFromInputs options" });
  const { folderOutput = "./templates", overwrite = false, onProgress } = options;
  if (listOfInputs.length === 0)
    throw new VitrineError({
      code: "missing",
      at: "makeTemplatesFromInputs",
      expected: "a structure",
      found: "none",
    });
  const descriptor = await ensureDescriptor(imageParameters);
  requireBytes(descriptor);
  await requireInputs(listOfInputs);
  const names = distinctNames(listOfInputs);
  const files = names.map((name) => templatesPath(folderOutput, name));
  const list = templateListPath(folderOutput);
  const inputs = listOfInputs.filter((input) => typeof input === "string");
  await prepareResultFiles({ inputs, outputs: [...files, list], overwrite });
  const templates = descriptor.viewingAngles.count;
  await withPool(options, async (backend) => {
    for (const [i, input] of listOfInputs.entries()) {
      const raw = await makeOne(input, descriptor, {
        ...{ ...options, backend },
        onProgress: ({ done, unit, rate }) =>
          onProgress?.({ done: i * templates + done, total: listOfInputs.length * templates, unit, rate }),
      });
      const { stack } = normalizePolarImages(raw, descriptor.polarGrid);
      const dtype = isDouble(descriptor.precision) ? "c16" : "c8";
      await writeTorch(files[i], { dtype, shape: stack.shape, data: stack.data }, { overwrite });
      await options.onTemplates?.({ name: names[i], path: files[i], stack, descriptor });
    }
  });
  await writeNpyValue(list, { dtype: "U", shape: [files.length], data: files }, { overwrite });
  return { list, files, templates };
}

async function makeOne(
  input: TemplateInput,
  descriptor: ImageDescriptor,
  {
    voxelSizeA,
    onLog,
    backend,
    ...options
  }: MakeTemplatesOptions & Required<Pick<TemplateOptions, "backend">>,
): Promise<PolarStack> {
  const tools = {
    backend,
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
  };
  if (typeof input === "string" && ATOMS.test(input)) {
    const { models, warnings } = await readAtoms(input);
    if (models.length > 1) onLog?.(`${input}: the first of its ${models.length} models is taken`, "warning");
    const { model, warnings: more } = atomicModel(models[0], descriptor, input);
    for (const warning of [...warnings, ...more]) onLog?.(warning, "warning");
    warnOfOutside(model, descriptor, { at: input, onLog });
    return inFile(input, () => templatesFromAtoms(model, descriptor, tools));
  }
  const volume = typeof input === "string" ? await readMap(input, onLog) : input;
  const sized = voxelSizeA === undefined ? volume : { ...volume, voxelSizeA };
  if (sized.voxelSizeA === 0)
    onLog?.(
      `${nameOf(input)}: no voxel size: its box is taken for that of the images, ${descriptor.boxSizeA[0]} Å`,
      "warning",
    );
  warnOfCoarse(sized, descriptor, { at: nameOf(input), onLog });
  return inFile(nameOf(input), () => templatesFromVolume(sized, descriptor, tools));
}

/** A map is a cube of voxels of one size; of which size, another check says. */
async function readMap(path: string, onLog: Log | undefined): Promise<Volume> {
  const file = await openMrc(path);
  await file.close();
  const { voxelSizeA, shape } = file.header;
  if (shape[0] === 1)
    throw new VitrineError({
      code: "shape",
      at: path,
      expected: "a map",
      found: `one section of ${shape[1]} x ${shape[2]}`,
    });
  if (voxelSizeA.every((size) => size === 1))
    onLog?.(`${path}: voxels of 1 Å, which programs write that do not know`, "warning");
  return readMrcVolume(path, (line) => onLog?.(line, "warning"));
}

/** Frequencies beyond those of the voxels repeat what lies below them. */
function warnOfCoarse(
  { shape: [side] }: Volume,
  { polarGrid: { radiusMax } }: ImageDescriptor,
  { at, onLog }: { readonly at: string; readonly onLog: Log | undefined },
): void {
  if (radiusMax <= side / 4) return;
  const share = Number((side / 4 / radiusMax).toPrecision(3));
  onLog?.(
    `${at}: its ${side} voxels reach to ${share} of the largest frequency, beyond which its transform repeats itself`,
    "warning",
  );
}

/** What lies outside the box comes back in on its other side. */
function warnOfOutside(
  { positions, count }: AtomicModel,
  { boxSizeA: [box] }: ImageDescriptor,
  { at, onLog }: { readonly at: string; readonly onLog: Log | undefined },
): void {
  let outside = 0;
  for (let a = 0; a < count; a++)
    if (positions.subarray(3 * a, 3 * a + 3).some((place) => Math.abs(place) > box / 2)) outside++;
  if (outside > 0) onLog?.(`${at}: ${outside} of ${count} atoms lie outside the box of ${box} Å`, "warning");
}

/** Errors of the mathematics name the file. */
async function inFile<Result>(at: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
    throw new VitrineError({ ...error.fault, at: `${at} ${error.fault.at}` }, { cause: error });
  }
}

function nameOf(input: TemplateInput): string {
  return typeof input === "string" ? input : "volume in memory";
}

async function requireInputs(inputs: readonly TemplateInput[]): Promise<void> {
  for (const input of inputs) {
    if (typeof input !== "string") continue;
    if (!MAP.test(input) && !ATOMS.test(input))
      throw new VitrineError({
        code: "format",
        at: input,
        expected: "a map (.mrc, .mrcs, .map) or atoms (.pdb, .ent, .cif, .mmcif)",
        found: /\.[^./\\]*$/.exec(input)?.[0] ?? "no ending",
      });
    if (!(await fileExists(input)))
      throw new VitrineError({
        code: "missing",
        at: input,
        expected: "a file",
        found: "none",
        hint: "Check the path",
      });
  }
}

/** Files of one name in different folders, or with different endings, get a number. */
function distinctNames(inputs: readonly TemplateInput[]): string[] {
  const taken = new Set<string>();
  return inputs.map((input, i) => {
    const base = typeof input === "string" ? stemOf(input) : `tensor_${i}`;
    let name = base;
    for (let number = 1; taken.has(name); number++) name = `${base}_${number}`;
    taken.add(name);
    return name;
  });
}

function stemOf(path: string): string {
  return path.replace(/^.*[/\\]/, "").replace(/(\.[^.]+)(\.gz)?$/i, "");
}

function requireBytes({ viewingAngles, polarGrid, precision }: ImageDescriptor): void {
  const bytes =
    viewingAngles.count * polarGrid.nShells * polarGrid.nInplanes * (isDouble(precision) ? 16 : 8);
  if (bytes <= MOST_BYTES) return;
  throw new VitrineError({
    code: "range",
    at: "templates",
    expected: "at most 4 GiB, what a .pt file holds",
    found: `${(bytes / 2 ** 30).toFixed(1)} GiB (${viewingAngles.count} viewing angles)`,
    hint: "Take a larger viewing distance, a smaller resolution factor or single precision",
  });
}
