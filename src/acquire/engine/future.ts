import { VitrineError } from "../../core/index.ts";
import {
  type Axes,
  axesKey,
  type Dataset,
  describeAxes,
  type JsonObject,
  type PixelImage,
} from "../../io/index.ts";
import type { AcquisitionNotification, Milestone } from "./notification.ts";

/** Events whose milestones are remembered: the last ones; who asks for an older one learns it at the end. */
const REMEMBERED_EVENTS = 100_000;

/** An image that was saved; pixels and metadata where they were asked for. */
export interface SavedImage {
  readonly axes: Axes;
  readonly image?: PixelImage;
  readonly metadata?: JsonObject;
}

/** What to read of a saved image. */
export interface SavedImageOptions {
  /** Default true. */
  readonly returnImage?: boolean;
  /** Default false. */
  readonly returnMetadata?: boolean;
}

interface Waiter {
  readonly key: string | undefined;
  readonly milestone: Milestone;
  readonly resolve: (axes: Axes) => void;
  readonly reject: (error: unknown) => void;
}

/** What happened so far, and who waits for what is to come. One for an acquisition. */
export class MilestoneLog {
  /** Milestones of the last events by axes. */
  readonly #seen = new Map<string, Set<Milestone>>();
  #waiters: Waiter[] = [];
  #end: VitrineError | undefined;

  /** Notes a notification and wakes who waited for it. */
  note({ milestone, payload }: AcquisitionNotification): void {
    if (payload === null) return;
    for (const axes of Array.isArray(payload) ? (payload as readonly Axes[]) : [payload as Axes])
      this.#noteOne(milestone, axes);
  }

  /** Forgets axes that will be acquired again. */
  forget(axes: Axes): void {
    this.#seen.delete(axesKey(axes));
  }

  has(milestone: Milestone, axes: Axes): boolean {
    return this.#seen.get(axesKey(axes))?.has(milestone) === true;
  }

  /** Resolves when a milestone is reached, of these axes or, without them, of any from now on. */
  wait(milestone: Milestone, axes: Axes | undefined): Promise<Axes> {
    if (axes !== undefined && this.has(milestone, axes)) return Promise.resolve(axes);
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#waiters.push({ key: axes === undefined ? undefined : axesKey(axes), milestone, resolve, reject });
    });
  }

  /** Nothing will happen any more: who still waits is told so. */
  end(cause: unknown): void {
    this.#end = neverHappened(cause);
    for (const { reject } of this.#waiters) reject(this.#end);
    this.#waiters = [];
  }

  #noteOne(milestone: Milestone, axes: Axes): void {
    const key = axesKey(axes);
    const seen = this.#seen.get(key) ?? new Set();
    this.#seen.set(key, seen.add(milestone));
    if (this.#seen.size > REMEMBERED_EVENTS) this.#seen.delete(this.#seen.keys().next().value!);
    if (this.#waiters.length === 0) return;
    const isMet = (waiter: Waiter) =>
      waiter.milestone === milestone && (waiter.key === undefined || waiter.key === key);
    const met = this.#waiters.filter(isMet);
    if (met.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !isMet(waiter));
    for (const { resolve } of met) resolve(axes);
  }
}

/** What `acquire` gives: waits for what happens to its events. Peer: `AcquisitionFuture`. */
export class AcquisitionFuture {
  readonly #log: MilestoneLog;
  readonly #dataset: Dataset | undefined;
  /** Keys of the axes of its events; undefined for a generator, whose events nobody knows yet. */
  readonly #expected: ReadonlySet<string> | undefined;

  constructor(log: MilestoneLog, dataset: Dataset | undefined, axes: readonly Axes[] | undefined) {
    this.#log = log;
    this.#dataset = dataset;
    this.#expected = axes === undefined ? undefined : new Set(axes.map(axesKey));
  }

  /**
   * Resolves when an event has reached a milestone.
   *
   * @throws {VitrineError} range: not an event of this call; aborted: the acquisition ended without it
   */
  async awaitExecution(milestone: Milestone, axes: Axes): Promise<void> {
    this.#check(axes);
    await this.#log.wait(milestone, axes);
  }

  /**
   * Resolves when an image can be read from the dataset, and reads it. Without axes: the next image that is saved.
   *
   * @throws {VitrineError} range: not an event of this call; missing: nothing is saved; aborted: the acquisition ended without it
   */
  awaitImageSaved(axes: readonly Axes[], options?: SavedImageOptions): Promise<SavedImage[]>;
  awaitImageSaved(axes?: Axes, options?: SavedImageOptions): Promise<SavedImage>;
  async awaitImageSaved(
    axes?: Axes | readonly Axes[],
    options: SavedImageOptions = {},
  ): Promise<SavedImage | SavedImage[]> {
    const dataset = this.#dataset ?? nothingSaved();
    if (axes === undefined)
      return readSaved(dataset, await this.#log.wait("image_saved", undefined), options);
    if (isList(axes)) return Promise.all(axes.map((each) => this.#savedImage(dataset, each, options)));
    return this.#savedImage(dataset, axes, options);
  }

  async #savedImage(dataset: Dataset, axes: Axes, options: SavedImageOptions): Promise<SavedImage> {
    this.#check(axes);
    // a generator's image may have been saved so long ago that the log forgot it
    if (this.#expected !== undefined || !dataset.hasImage(axes)) await this.#log.wait("image_saved", axes);
    return readSaved(dataset, axes, options);
  }

  #check(axes: Axes): void {
    if (this.#expected === undefined || this.#expected.has(axesKey(axes))) return;
    throw new VitrineError({
      code: "range",
      at: "acquisition future",
      expected: "axes of an event of this call of acquire",
      found: describeAxes(axes),
    });
  }
}

async function readSaved(
  dataset: Dataset,
  axes: Axes,
  { returnImage = true, returnMetadata = false }: SavedImageOptions,
): Promise<SavedImage> {
  return {
    axes,
    ...(returnImage ? { image: await dataset.readImage(axes) } : {}),
    ...(returnMetadata ? { metadata: await dataset.readMetadata(axes) } : {}),
  };
}

function isList(axes: Axes | readonly Axes[]): axes is readonly Axes[] {
  return Array.isArray(axes);
}

function nothingSaved(): never {
  throw new VitrineError({
    code: "missing",
    at: "awaitImageSaved",
    expected: "an acquisition that saves",
    found: "one without directory and name",
    hint: 'Open it with directory and name, or with save: "memory"',
  });
}

function neverHappened(cause: unknown): VitrineError {
  const found =
    cause === undefined
      ? "it ended without it"
      : `it failed: ${cause instanceof Error ? cause.message : cause}`;
  return new VitrineError(
    { code: "aborted", at: "acquisition", expected: "the milestone before its end", found },
    { cause },
  );
}
