import type { Fault } from "../../core/index.ts";
import type { MemoryRingDescription } from "../frames/ring.ts";
import type { DoseSnapshot } from "./bleaching.ts";
import type { ExposureProgram } from "./exposureProgram.ts";
import type { MadeFrame } from "./exposureRun.ts";
import type { DemoFault, DemoSettings } from "./options.ts";
import type { SceneDescription } from "./scene.ts";

/** What the microscope tells its camera's thread. */
export type ToCamera =
  | { readonly kind: "init"; readonly scene: SceneDescription; readonly faults: readonly DemoFault[] }
  | {
      readonly kind: "expose";
      readonly program: ExposureProgram;
      readonly ring: MemoryRingDescription;
      readonly control: SharedArrayBuffer;
      readonly onOverflow: DemoSettings["onOverflow"];
      /** The light that the specimen got since the thread last knew; none where it knows. */
      readonly dose?: DoseSnapshot;
    };

/** What a camera's thread tells. */
export type FromCamera =
  /** The exposure has begun. */
  | { readonly kind: "started" }
  /** There is a frame, and somebody waits for one. */
  | { readonly kind: "frame-ready" }
  /** The camera has stopped; every frame was announced before. */
  | { readonly kind: "ended"; readonly fault?: Fault };

const WORDS = { made: 0, exposed: 1, dropped: 2, waiting: 3, stop: 4 } as const;
const WORD_COUNT = 8;

/**
 * The memory that a camera's thread shares with its microscope: counters, and a line of frames in order. There is never more
 * than one announced frame a slot, so the line has as many places as the ring. A message is sent only to who waits for one.
 */
export class CameraControl {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #places: Int32Array;
  readonly #times: Float64Array;
  readonly #length: number;

  constructor(memory: SharedArrayBuffer, slots: number) {
    this.memory = memory;
    this.#length = slots;
    this.#words = new Int32Array(memory, 0, WORD_COUNT);
    this.#times = new Float64Array(memory, WORD_COUNT * 4, slots);
    this.#places = new Int32Array(memory, WORD_COUNT * 4 + slots * 8, slots * 2);
  }

  static create(slots: number): CameraControl {
    return new CameraControl(new SharedArrayBuffer(WORD_COUNT * 4 + slots * 16), slots);
  }

  /** Frames announced so far. */
  get made(): number {
    return Atomics.load(this.#words, WORDS.made);
  }

  get exposed(): number {
    return Atomics.load(this.#words, WORDS.exposed);
  }

  get dropped(): number {
    return Atomics.load(this.#words, WORDS.dropped);
  }

  count(exposed: number, dropped: number): void {
    Atomics.store(this.#words, WORDS.exposed, exposed);
    Atomics.store(this.#words, WORDS.dropped, dropped);
  }

  /** Puts a frame in line; true where somebody waits for it and wants a message. */
  announce({ slot, frame, timeMs }: MadeFrame): boolean {
    const made = this.made;
    const place = made % this.#length;
    this.#places[2 * place] = slot;
    this.#places[2 * place + 1] = frame;
    this.#times[place] = timeMs;
    Atomics.store(this.#words, WORDS.made, made + 1);
    return Atomics.exchange(this.#words, WORDS.waiting, 0) === 1;
  }

  /** The frame that was announced after `number` others. */
  read(number: number): MadeFrame {
    const place = number % this.#length;
    return { slot: this.#places[2 * place], frame: this.#places[2 * place + 1], timeMs: this.#times[place] };
  }

  /** Says that somebody wants a message at the next frame. */
  wait(): void {
    Atomics.store(this.#words, WORDS.waiting, 1);
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, WORDS.stop) === 1;
  }

  stop(): void {
    Atomics.store(this.#words, WORDS.stop, 1);
    Atomics.notify(this.#words, WORDS.stop);
  }

  /** Blocks the camera's thread, until `stop` at the longest. */
  sleep(ms: number): void {
    Atomics.wait(this.#words, WORDS.stop, 0, ms);
  }
}
