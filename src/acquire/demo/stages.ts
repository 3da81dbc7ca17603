import type { Clock } from "../clock.ts";
import { type Device, decimal, type Property, refused, Sequence } from "./devices.ts";

interface StageOptions<Position> {
  readonly label: string;
  readonly clock: Clock;
  /** Of each axis, µm. */
  readonly limitsUm: readonly (readonly [number, number])[];
  readonly speedUmPerS: number;
  readonly sequenceMaxLength: number;
  /** A position of what each axis has. */
  make(at: (axis: number) => number): Position;
}

/** A stage of one or two axes that moves in a straight line at its speed. Positions are µm; it starts at 0, or nearest to it. */
export class Stage<Position extends readonly number[]> implements Device {
  readonly label: string;
  readonly properties: readonly Property[];
  readonly sequence: Sequence<Position>;
  readonly #options: StageOptions<Position>;
  #from: Position;
  #to: Position;
  #startMs = 0;
  #endMs = 0;

  constructor(options: StageOptions<Position>) {
    const start = options.make((axis) =>
      Math.max(options.limitsUm[axis][0], Math.min(0, options.limitsUm[axis][1])),
    );
    this.label = options.label;
    this.#options = options;
    this.#from = start;
    this.#to = start;
    this.sequence = new Sequence<Position>(options.label, options.sequenceMaxLength);
    const { limitsUm, speedUmPerS, label } = options;
    const names = limitsUm.length === 1 ? ["Position"] : ["PositionX", "PositionY"];
    this.properties = [
      { name: "Label", get: () => label },
      { name: "SpeedUmPerS", get: () => decimal(speedUmPerS) },
      ...names.map((name, axis) => ({ name, get: () => decimal(this.position[axis]) })),
      ...limitsUm.map(([low, high], axis) => ({
        name: limitsUm.length === 1 ? "Limits" : `Limits${"XY"[axis]}`,
        get: () => `${low},${high}`,
      })),
    ];
  }

  get busyUntilMs(): number {
    return this.#endMs;
  }

  /** Where it is now, on its way too. */
  get position(): Position {
    const now = this.#options.clock.now();
    if (now >= this.#endMs) return this.#to;
    // one that never arrives does not move
    const part =
      this.#endMs === Number.POSITIVE_INFINITY ? 0 : (now - this.#startMs) / (this.#endMs - this.#startMs);
    return this.#between(part);
  }

  /** Starts a move. @throws {VitrineError} device: outside the limits */
  moveTo(position: Position): void {
    this.checkLimits(position);
    this.#from = this.position;
    this.#to = position;
    this.#startMs = this.#options.clock.now();
    const distance = Math.hypot(...position.map((value, axis) => value - this.#from[axis]));
    this.#endMs = this.#startMs + (1000 * distance) / this.#options.speedUmPerS;
  }

  /** Is at a position at once: steps of a sequence, which the camera waits for. */
  jumpTo(position: Position): void {
    this.#from = position;
    this.#to = position;
    this.#endMs = 0;
  }

  /** Starts a move that never ends. */
  jam(): void {
    this.#from = this.position;
    this.#startMs = this.#options.clock.now();
    this.#endMs = Number.POSITIVE_INFINITY;
  }

  /** Stays where it is. */
  giveUp(): void {
    if (this.#endMs === Number.POSITIVE_INFINITY) this.jumpTo(this.#from);
  }

  checkLimits(position: Position): void {
    for (const [axis, value] of position.entries()) {
      const [low, high] = this.#options.limitsUm[axis];
      if (!(value >= low && value <= high))
        throw refused(`${this.label} position`, `${low} to ${high} µm`, `${value} µm`);
    }
  }

  #between(part: number): Position {
    const from = this.#from;
    return this.#options.make((axis) => from[axis] + part * (this.#to[axis] - from[axis]));
  }
}
