import type { PlanArray } from "../../../src/compute/index.ts";
import { checkRows, type PlanArrayShape } from "../../../src/compute/planArrays.ts";

/** The arrays of a plan by name. */
export type ArrayShapes<Name extends string> = Readonly<Record<Name, PlanArrayShape>>;

const BYTES = { f32: 4, f64: 8, i32: 4, u16: 2, u8: 1 } as const;

/** Bytes that arrays take. */
export function arrayBytes(shapes: ArrayShapes<string>): number {
  return Object.values(shapes).reduce(
    (sum, { type, rows, rowLength }) => sum + BYTES[type] * rows * rowLength,
    0,
  );
}

/** Float32 numbers. */
export function floats(rows: number, rowLength: number): PlanArrayShape {
  return { type: "f32", rows, rowLength };
}

/** Float32 arrays that a plan keeps as they are set. */
export class HeldArrays<Name extends string> {
  readonly #plan: string;
  readonly #shapes: ArrayShapes<Name>;
  readonly #held = new Map<Name, Float32Array>();

  /** @param plan  how errors call it */
  constructor(plan: string, shapes: ArrayShapes<Name>) {
    this.#plan = plan;
    this.#shapes = shapes;
  }

  /** As a plan's `set`. @throws {VitrineError} shape, range, type: data that are not rows of the array */
  set(name: Name, data: PlanArray, at: number): void {
    checkRows(`${this.#plan} ${name}`, this.#shapes[name], { data, at });
    this.all(name).set(data, at * this.#shapes[name].rowLength);
  }

  all(name: Name): Float32Array {
    const { rows, rowLength } = this.#shapes[name];
    const array = this.#held.get(name) ?? new Float32Array(rows * rowLength);
    this.#held.set(name, array);
    return array;
  }

  row(name: Name, row: number): Float32Array {
    const { rowLength } = this.#shapes[name];
    return this.all(name).subarray(row * rowLength, (row + 1) * rowLength);
  }

  release(): void {
    this.#held.clear();
  }
}
