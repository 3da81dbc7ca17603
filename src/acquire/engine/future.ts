import { VitrineError } from "../../core/index.ts";
import {
  type Axes,
  axesKey,
  type Dataset,
  describeAxes,
  type JsonObject,
  type PixelImage,
  refuseUnknownKeys,
} from "../../io/index.ts";
import type { CheckedGroup, EventGroup } from "./eventQueue.ts";
import { type AcquisitionNotification, MILESTONES, type Milestone } from "./notification.ts";

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

const SAVED_IMAGE_KEYS: readonly (keyof SavedImageOptions)[] = ["returnImage", "returnMetadata"];
/** Pycro-Manager's names of them. */
const PEER_KEYS = { return_image: "returnImage", return_metadata: "returnMetadata" };

interface Waiter {
  readonly key: string | undefined;
  /** The event for messages. */
  readonly what: string;
  readonly milestone: Milestone;
  readonly group: EventGroup;
  readonly resolve: (axes: Axes) => void;
  readonly reject: (error: unknown) => void;
}

/** What happened so far, and who waits for what is to come. One for an acquisition. */
export class MilestoneLog {
  /** Milestones of the last events by axes: one bit each. */
  readonly #seen = new Map<string, number>();
  readonly #ended = new WeakSet<EventGroup>();
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
    return ((this.#seen.get(axesKey(axes)) ?? 0) & bitOf(milestone)) !== 0;
  }

  /** Resolves when an event of a group reaches a milestone. */
  wait(milestone: Milestone, axes: Axes, group: EventGroup): Promise<Axes> {
    if (this.has(milestone, axes)) return Promise.resolve(axes);
    if (this.hasEnded(group)) return Promise.reject(this.#end ?? passedBy(milestone, describeAxes(axes)));
    return this.#add({ key: axesKey(axes), what: describeAxes(axes), milestone, group });
  }

  /** Resolves when any event reaches a milestone from now on. */
  waitForNext(milestone: Milestone, group: EventGroup): Promise<Axes> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return this.#add({ key: undefined, what: "any", milestone, group });
  }

  /** Whether nothing will happen to the events of a group any more. */
  hasEnded(group: EventGroup): boolean {
    return this.#end !== undefined || this.#ended.has(group);
  }

  /** All that comes of a group has come: who still waits for one of its events, which a hook or processor took out, is told so. */
  endGroup(group: EventGroup): void {
    this.#ended.add(group);
    const isOver = (waiter: Waiter) => waiter.group === group && waiter.key !== undefined;
    for (const { reject, milestone, what } of this.#waiters.filter(isOver)) reject(passedBy(milestone, what));
    this.#waiters = this.#waiters.filter((waiter) => !isOver(waiter));
  }

  /** Nothing will happen any more: who still waits is told so. */
  end(cause: unknown): void {
    this.#end = neverHappened(cause);
    for (const { reject } of this.#waiters) reject(this.#end);
    this.#waiters = [];
  }

  #add(waiter: Omit<Waiter, "resolve" | "reject">): Promise<Axes> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ ...waiter, resolve, reject });
    });
  }

  #noteOne(milestone: Milestone, axes: Axes): void {
    const key = axesKey(axes);
    this.#seen.set(key, (this.#seen.get(key) ?? 0) | bitOf(milestone));
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

/** What `acquire` gives: waits for what happens to its events. Pycro-Manager: `AcquisitionFuture`. */
export class AcquisitionFuture {
  readonly #log: MilestoneLog;
  readonly #dataset: Dataset | undefined;
  readonly #group: EventGroup;
  /** Keys of the axes of its events; undefined for a generator, whose events nobody knows yet. */
  readonly #expected: ReadonlySet<string> | undefined;

  constructor(log: MilestoneLog, dataset: Dataset | undefined, group: CheckedGroup) {
    this.#log = log;
    this.#dataset = dataset;
    this.#group = group;
    this.#expected = group.known && new Set(group.known.map(({ axes }) => axesKey(axes)));
  }

  /**
   * Resolves when an event has reached a milestone.
   *
   * @throws {VitrineError} range: no milestone, or not an event of this call; aborted: the acquisition ended without it, or a hook or processor took
   *   the event or image out
   */
  async awaitExecution(milestone: Milestone, axes: Axes): Promise<void> {
    if (!NAMES.includes(milestone))
      throw new VitrineError({
        code: "range",
        at: "awaitExecution milestone",
        expected: `one of ${NAMES.join(", ")}`,
        found: String(milestone),
      });
    this.#check(axes);
    await this.#log.wait(milestone, axes, this.#group);
  }

  /**
   * Resolves when an image can be read from the dataset, and reads it. Without axes: the next image that is saved.
   *
   * @throws {VitrineError} range: not an event of this call; missing: nothing is saved; aborted: as {@link awaitExecution}
   */
  awaitImageSaved(axes: readonly Axes[], options?: SavedImageOptions): Promise<SavedImage[]>;
  awaitImageSaved(axes?: Axes, options?: SavedImageOptions): Promise<SavedImage>;
  async awaitImageSaved(
    axes?: Axes | readonly Axes[],
    options: SavedImageOptions = {},
  ): Promise<SavedImage | SavedImage[]> {
    refuseUnknownKeys(options, { known: SAVED_IMAGE_KEYS, at: "awaitImageSaved options", others: PEER_KEYS });
    const dataset = this.#dataset ?? nothingSaved();
    if (axes === undefined)
      return readSaved(dataset, await this.#log.waitForNext("image_saved", this.#group), options);
    if (isList(axes)) return Promise.all(axes.map((each) => this.#savedImage(dataset, each, options)));
    return this.#savedImage(dataset, axes, options);
  }

  async #savedImage(dataset: Dataset, axes: Axes, options: SavedImageOptions): Promise<SavedImage> {
    this.#check(axes);
    // an image may have been saved so long ago that the log forgot it
    const isThere =
      dataset.hasImage(axes) && (this.#expected === undefined || this.#log.hasEnded(this.#group));
    if (!isThere) await this.#log.wait("image_saved", axes, this.#group);
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

const NAMES: readonly Milestone[] = Object.values(MILESTONES).flat();

function bitOf(milestone: Milestone): number {
  return 1 << NAMES.indexOf(milestone);
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

function passedBy(milestone: Milestone, axes: string): VitrineError {
  return new VitrineError({
    code: "aborted",
    at: `event ${axes}`,
    expected: milestone,
    found: "that its call of acquire has come to its end without it",
    hint: "A hook cancelled the event, or the image processor dropped or renamed the image",
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
