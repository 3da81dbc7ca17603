import { didYouMean, nearestName, VitrineError } from "../../core/index.ts";
import type { Played } from "./exposureProgram.ts";

/** A property of a device: text, as in MMCore. */
export interface Property {
  readonly name: string;
  get(): string;
  /** Left out: read only. Gets a value that the checks below have passed. */
  set?(value: string): void;
  readonly allowed?: readonly string[];
  /** Numbers only, both ends included. */
  readonly limits?: readonly [number, number];
  readonly isWhole?: boolean;
  /** What the device can play by itself. */
  readonly sequence?: Sequence<string>;
}

/** A device with its properties. */
export interface Device {
  readonly label: string;
  readonly properties: readonly Property[];
  /** When it comes to rest, ms of the clock; Infinity: never. */
  readonly busyUntilMs?: number;
  /** Called after somebody waited in vain. */
  giveUp?(): void;
}

/** Values that a device plays by itself, one a frame. */
export class Sequence<T> {
  readonly #at: string;
  readonly #maxLength: number;
  #values: readonly T[] = [];
  #cursor = 0;
  #isStarted = false;

  /** @param at  how messages call it */
  constructor(at: string, maxLength: number) {
    this.#at = at;
    this.#maxLength = maxLength;
  }

  get maxLength(): number {
    return this.#maxLength;
  }

  /** What plays now; nothing where it was not started. */
  get played(): Played<T> | undefined {
    return this.#isStarted ? { values: this.#values, cursor: this.#cursor } : undefined;
  }

  load(values: readonly T[]): void {
    if (this.#isStarted)
      throw refused(`${this.#at} sequence`, "to be stopped before it is loaded", "that it runs");
    if (values.length > 0 && values.length <= this.#maxLength) this.#values = [...values];
    else throw refused(`${this.#at} sequence`, `1 to ${this.#maxLength} values`, `${values.length}`);
  }

  start(): void {
    if (this.#values.length === 0) throw refused(`${this.#at} sequence`, "values to be loaded", "none");
    this.#cursor = 0;
    this.#isStarted = true;
  }

  stop(): void {
    this.#isStarted = false;
  }

  /** Moves to the frame after `cursor`. */
  moveTo(cursor: number): void {
    this.#cursor = cursor % this.#values.length;
  }
}

/** The devices of a microscope by label. */
export class DeviceSet {
  readonly #devices: ReadonlyMap<string, Device>;

  constructor(devices: readonly Device[]) {
    this.#devices = new Map(devices.map((device) => [device.label, device]));
    const twice = devices.find((device) => this.#devices.get(device.label) !== device);
    if (twice !== undefined)
      throw refused(`device ${twice.label}`, "a label of its own", "another device that has it");
  }

  get labels(): readonly string[] {
    return [...this.#devices.keys()];
  }

  /** @throws {VitrineError} missing */
  device(label: string): Device {
    const device = this.#devices.get(label);
    if (device !== undefined) return device;
    const expected = `one of ${this.labels.join(", ")}`;
    const found = notThere("device", label, this.labels);
    throw new VitrineError({ code: "missing", at: `device ${label}`, expected, found });
  }

  /** @throws {VitrineError} missing */
  property(label: string, name: string): Property {
    const { properties } = this.device(label);
    const property = properties.find((candidate) => candidate.name === name);
    if (property !== undefined) return property;
    const names = properties.map((known) => known.name);
    const expected = `one of ${names.join(", ") || "no properties"}`;
    const found = notThere("property", name, names);
    throw new VitrineError({ code: "missing", at: `${label} ${name}`, expected, found });
  }

  /** @throws {VitrineError} missing; device: the value is not allowed, or the property is read only */
  setProperty(label: string, name: string, value: string | number | boolean): void {
    const property = this.property(label, name);
    if (property.set === undefined)
      throw refused(`${label} ${name}`, "a property that can be set", "one that can only be read");
    property.set(checkedValue(`${label} ${name}`, property, value));
  }
}

/** The text of a value that a property takes. @throws {VitrineError} device */
export function checkedValue(at: string, property: Property, value: string | number | boolean): string {
  const text = typeof value === "boolean" ? (value ? "1" : "0") : String(value).trim();
  const { allowed, limits, isWhole } = property;
  if (allowed !== undefined && !allowed.includes(text))
    throw refused(at, `one of ${allowed.join(", ")}`, `${value}`);
  if (limits === undefined) return text;
  const number = Number(text);
  const kind = isWhole ? "a whole number" : "a number";
  const isRight = text !== "" && (isWhole ? Number.isInteger(number) : Number.isFinite(number));
  if (isRight && number >= limits[0] && number <= limits[1]) return text;
  throw refused(at, `${kind} from ${limits[0]} to ${limits[1]}`, `${value}`);
}

/** The error of a device that does not do what it is told. */
export function refused(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "device", at, expected, found });
}

/** What is found where a name is not there, with the one that may have been meant. */
export function notThere(kind: string, name: string, known: readonly string[]): string {
  return `no such ${kind}${didYouMean(nearestName(name, known))}`;
}

/** A property that nobody sets. */
export function constant(name: string, value: string): Property {
  return { name, get: () => value };
}

/** A property that holds a value and does nothing else. */
export function variable(
  name: string,
  value: string,
  checks: Omit<Property, "name" | "get" | "set"> = {},
): Property {
  let held = value;
  return {
    ...checks,
    name,
    get: () => held,
    set: (next) => {
      held = next;
    },
  };
}

/** How MMCore writes a number with a fraction. */
export function decimal(value: number): string {
  return value.toFixed(4);
}
