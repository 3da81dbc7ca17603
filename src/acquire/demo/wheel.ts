import type { Clock } from "../clock.ts";
import { type Device, type Property, Sequence } from "./devices.ts";

interface WheelOptions {
  readonly label: string;
  readonly clock: Clock;
  /** Of its positions. */
  readonly labels: readonly string[];
  /** 0: it cannot play sequences. */
  readonly sequenceMaxLength: number;
  readonly moveMs: number;
}

/** A device with labelled positions: property `Label`, or `State` by number. Both play the same sequence. */
export class Wheel implements Device {
  readonly label: string;
  readonly properties: readonly Property[];
  busyUntilMs = 0;
  /** Of labels. */
  readonly sequence: Sequence<string>;
  readonly #options: WheelOptions;
  #position: string;

  constructor(options: WheelOptions) {
    const { label, labels } = options;
    this.label = label;
    this.#options = options;
    this.#position = labels[0];
    this.sequence = new Sequence<string>(label, options.sequenceMaxLength);
    const sequence = this.sequence;
    const states = labels.map((_, state) => String(state));
    this.properties = [
      {
        name: "Label",
        allowed: labels,
        sequence,
        get: () => this.#position,
        set: (value) => this.#turn(value),
      },
      {
        name: "State",
        allowed: states,
        sequence,
        get: () => String(labels.indexOf(this.#position)),
        set: (state) => this.#turn(this.labelOf(state)),
      },
    ];
  }

  /** The label of the position that it is at or moves to. */
  get position(): string {
    return this.#position;
  }

  /** The label that a value of `Label` or `State` means. */
  labelOf(value: string): string {
    return this.#options.labels.includes(value) ? value : this.#options.labels[Number(value)];
  }

  /** Is there at once: steps of a sequence. */
  jumpTo(label: string): void {
    this.#position = label;
  }

  #turn(label: string): void {
    if (label === this.#position) return;
    this.#position = label;
    this.busyUntilMs = this.#options.clock.now() + this.#options.moveMs;
  }
}
