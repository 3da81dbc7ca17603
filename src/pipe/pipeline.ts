import { requireKnownOptions, type Shape3, VitrineError } from "../core/index.ts";
import {
  checkImage,
  isSeveral,
  type NumberArray,
  type PipeImage,
  type PipeResult,
  requirePositive,
} from "./image.ts";
import { combineImages, operationName, type PipeOperation } from "./operations.ts";
import { reshapeImage } from "./spline/reshape.ts";

/**
 * Gives an image for a scale (nm/pixel): `await provider(0.27)`. Loaders call it with the scale of their tomogram, so that one
 * template serves tomograms of different pixels. Arithmetic and comparison are voxel by voxel, with a number or a provider of the
 * same shape: `p.subtract(1)`; `subtract(1, p)` the other way round.
 */
export interface ImageProvider<T extends PipeResult = PipeImage>
  extends Operators<ImageProvider<T>, ProviderOperand> {
  (scale: number): Promise<T>;
  readonly kind: "provider";
  /** As it was made: `fromFile("template.mrc", 0.18)`. */
  readonly name: string;
  /** The converter applied to what this provides: `compose(converter, this)`, for those who read from left to right. */
  pipe(converter: ImageConverter): ImageProvider<T>;
  withName(name: string): ImageProvider<T>;
  toString(): string;
}

/** Numbers on a grid that may know the size of their voxels, as `readMrcVolume` gives them. */
export interface SizedArray extends NumberArray {
  /** Å; 0 where it is not known. */
  readonly voxelSizeA?: number;
}

/**
 * Makes an image of an image at a scale (nm/pixel): `await converter(image, 0.27)`. Without a scale, it is that of the image's
 * `voxelSizeA`, or 1 nm/pixel where the image has none. The image given is not changed. Arithmetic
 * takes a number, a provider, or another converter, which is applied to the same image.
 */
export interface ImageConverter extends Operators<ImageConverter, ProviderOperand | ImageConverter> {
  (image: SizedArray, scale?: number): Promise<PipeImage>;
  readonly kind: "converter";
  readonly name: string;
  /** This converter after another pipe: `compose(this, other)`. */
  compose<T extends PipeResult>(other: ImageProvider<T>): ImageProvider<T>;
  compose(other: ImageConverter): ImageConverter;
  /** Another converter after this one: `compose(converter, this)`. */
  pipe(converter: ImageConverter): ImageConverter;
  /** This converter at one scale, as a function of the image alone; `reshapeTo` crops or pads the result about its centre. */
  withScale(
    scale: number,
    options?: { readonly reshapeTo?: Shape3 },
  ): (image: NumberArray) => Promise<PipeImage>;
  withName(name: string): ImageConverter;
  toString(): string;
}

type ProviderOperand = number | ImageProvider;

/** A number or a pipe, in arithmetic. */
export type Operand = ProviderOperand | ImageConverter;

type Operators<Self, Other> = { readonly [name in PipeOperation]: (other: Other) => Self } & {
  negate(): Self;
};

/** Makes a provider of a function; what it gives is checked. `providerFunction` is for functions with parameters. */
export function createProvider<T extends PipeResult>(
  run: (scale: number) => T | Promise<T>,
  name: string,
): ImageProvider<T> {
  const provide = async (scale: number): Promise<T> => {
    requirePositive(scale, `${name} scale`);
    return checkResult(await run(scale), name);
  };
  const combine = (operation: PipeOperation, other: ProviderOperand) =>
    createProvider(
      async (scale) => {
        const right = typeof other === "number" ? other : await other(scale);
        return mapResult(await provide(scale), (image) => combineImages(operation, image, right));
      },
      operationName(operation, name, operandName(other)),
    );
  const provider: ImageProvider<T> = Object.assign(named(provide, name), {
    kind: "provider" as const,
    pipe: (converter: ImageConverter) => compose(converter, provider),
    withName: (other: string) => createProvider(run, other),
    toString: () => `ImageProvider<${name}>`,
    ...operators(combine, () => combine("multiply", -1).withName(`(-${name})`)),
  });
  return provider;
}

/** Makes a converter of a function; what it takes and gives is checked. `converterFunction` is for functions with parameters. */
export function createConverter(
  run: (image: PipeImage, scale: number) => NumberArray | Promise<NumberArray>,
  name: string,
): ImageConverter {
  const convert = async (image: SizedArray, scale = ownScale(image)): Promise<PipeImage> => {
    requirePositive(scale, `${name} scale`);
    return checkImage(await run(checkImage(image, `${name} image`), scale), name);
  };
  const combine = (operation: PipeOperation, other: Operand) =>
    createConverter(
      async (image, scale) => {
        const right = await evaluate(other, image, scale);
        return combineImages(operation, await convert(image, scale), right);
      },
      operationName(operation, name, operandName(other)),
    );
  function composed<T extends PipeResult>(other: ImageProvider<T>): ImageProvider<T>;
  function composed(other: ImageConverter): ImageConverter;
  function composed(other: ImageProvider<PipeResult> | ImageConverter) {
    return composeAny(converter, other);
  }
  const converter: ImageConverter = Object.assign(named(convert, name), {
    kind: "converter" as const,
    compose: composed,
    pipe: (next: ImageConverter) => compose(next, converter),
    withScale: (scale: number, options: { readonly reshapeTo?: Shape3 } = {}) => {
      requireKnownOptions("withScale", options, { reshapeTo: true });
      const { reshapeTo } = options;
      const atScale = async (image: NumberArray) => {
        const result = await convert(image, scale);
        return reshapeTo === undefined ? result : reshapeImage(result, reshapeTo);
      };
      return named(atScale, name);
    },
    withName: (other: string) => createConverter(run, other),
    toString: () => `ImageConverter<${name}>`,
    ...operators(combine, () => combine("multiply", -1).withName(`(-${name})`)),
  });
  return converter;
}

/**
 * `first` after `second`, as acryo's `first @ second`: of a provider a provider, of a converter a converter. Where a provider
 * gives several images, each is converted.
 *
 * @throws {VitrineError} type: `first` is no converter, or `second` neither of both
 *
 * @example
 * const smooth = compose(gaussianFilter(2), fromFile("template.mrc"));
 * const image = await smooth(0.27);
 */
export function compose<T extends PipeResult>(
  first: ImageConverter,
  second: ImageProvider<T>,
): ImageProvider<T>;
export function compose(first: ImageConverter, second: ImageConverter): ImageConverter;
export function compose(first: ImageConverter, second: ImageProvider<PipeResult> | ImageConverter) {
  return composeAny(first, second);
}

function composeAny(first: ImageConverter, second: ImageProvider<PipeResult> | ImageConverter) {
  requireConverter(first, "compose(first)");
  if (!isConverter(second) && !isProvider(second))
    throw typeError("compose(second)", "an image provider or an image converter", describe(second));
  const name = `${operandName(first)}○${operandName(second)}`;
  if (second.kind === "converter")
    return createConverter(async (image, scale) => first(await second(image, scale), scale), name);
  return createProvider(async (scale) => {
    const result = await second(scale);
    return isSeveral(result) ? Promise.all(result.map((image) => first(image, scale))) : first(result, scale);
  }, name);
}

/** An operation on two operands: of a converter and anything else a converter, otherwise a provider. */
export interface PipeFunction {
  (a: ProviderOperand, b: ProviderOperand): ImageProvider;
  (a: Operand, b: Operand): ImageConverter;
}

/**
 * The operation as a function of two operands, in their order (acryo computes `1 - p` as `p - 1`).
 *
 * @throws {VitrineError} type: two numbers, or something else; range: a division by the number 0
 */
export function pipeFunction(operation: PipeOperation): PipeFunction {
  function combine(a: ProviderOperand, b: ProviderOperand): ImageProvider;
  function combine(a: Operand, b: Operand): ImageConverter;
  function combine(a: Operand, b: Operand) {
    const name = operationName(operation, operandName(a), operandName(b));
    if (typeof a === "number" && typeof b === "number")
      throw typeError(name, "an image provider or converter", "two numbers");
    if (operation === "divide") requireDivisor(b, name);
    if (isConverter(a) || isConverter(b))
      return createConverter(
        async (image, scale) =>
          combineImages(operation, await evaluate(a, image, scale), await evaluate(b, image, scale)),
        name,
      );
    const value = async (operand: ProviderOperand, scale: number) =>
      typeof operand === "number" ? operand : operand(scale);
    return createProvider(
      async (scale) => combineImages(operation, await value(a, scale), await value(b, scale)),
      name,
    );
  }
  return combine;
}

/** nm/pixel of an image by itself. */
function ownScale({ voxelSizeA = 0 }: SizedArray): number {
  return voxelSizeA > 0 ? voxelSizeA / 10 : 1;
}

/** Whether it is a provider. */
export function isProvider(value: unknown): value is ImageProvider<PipeResult> {
  return typeof value === "function" && "kind" in value && value.kind === "provider";
}

/** Whether it is a converter. */
export function isConverter(value: unknown): value is ImageConverter {
  return typeof value === "function" && "kind" in value && value.kind === "converter";
}

function operators<Self, Other extends Operand>(
  combine: (operation: PipeOperation, other: Other) => Self,
  negate: () => Self,
): Operators<Self, Other> {
  return {
    add: (other) => combine("add", other),
    subtract: (other) => combine("subtract", other),
    multiply: (other) => combine("multiply", other),
    divide: (other) => {
      requireDivisor(other, "divide");
      return combine("divide", other);
    },
    equal: (other) => combine("equal", other),
    notEqual: (other) => combine("notEqual", other),
    less: (other) => combine("less", other),
    lessEqual: (other) => combine("lessEqual", other),
    greater: (other) => combine("greater", other),
    greaterEqual: (other) => combine("greaterEqual", other),
    negate,
  };
}

async function evaluate(operand: Operand, image: PipeImage, scale: number): Promise<PipeImage | number> {
  if (typeof operand === "number") return operand;
  return operand.kind === "provider" ? operand(scale) : operand(image, scale);
}

function operandName(operand: unknown): string {
  if (isProvider(operand) || isConverter(operand)) return operand.name;
  requireNumber(operand);
  return `${operand}`;
}

function requireNumber(operand: unknown): void {
  if (typeof operand === "number" && Number.isFinite(operand)) return;
  throw typeError("pipe", "a finite number, an image provider or an image converter", describe(operand));
}

function describe(value: unknown): string {
  return typeof value === "function" ? `the function ${value.name}` : String(value);
}

function requireDivisor(other: Operand, at: string): void {
  if (other !== 0) return;
  throw new VitrineError({ code: "range", at, expected: "a divisor other than 0", found: "0" });
}

function requireConverter(value: unknown, at: string): void {
  if (isConverter(value)) return;
  throw typeError(at, "an image converter", isProvider(value) ? "an image provider" : describe(value));
}

function typeError(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "type", at, expected, found });
}

/** One for one and several for several: what narrowing cannot say of a type parameter. */
function mapResult<T extends PipeResult>(result: T, apply: (image: PipeImage, at: string) => PipeImage): T {
  const made: PipeResult = isSeveral(result)
    ? result.map((image, i) => apply(image, ` image ${i}`))
    : apply(result, "");
  return made as T;
}

function checkResult<T extends PipeResult>(result: T, name: string): T {
  return mapResult(result, (image, at) => checkImage(image, `${name}${at}`));
}

/** A function with a name, which assignment cannot give. */
function named<F extends (...parameters: never[]) => unknown>(run: F, name: string): F {
  return Object.defineProperty(run, "name", { value: name });
}
