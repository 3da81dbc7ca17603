import { openView } from "#acquisition-view";
import { VitrineError } from "../../core/index.ts";
import {
  type Axes,
  type Dataset,
  type DatasetWriter,
  describeAxes,
  refuseUnknownKeys,
} from "../../io/index.ts";
import { systemClock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Microscope } from "../microscope.ts";
import { openProcessor } from "../processors/open.ts";
import type { FrameProcessor, ProcessedImage } from "../processors/processor.ts";
import type { AcquisitionView, LiveState, MicroscopeFacts, ViewOptions, WantedTile } from "../view/view.ts";
import type { Watcher } from "../view/watcher.ts";
import { checkedGroup, EventGroups, type EventSource } from "./eventQueue.ts";
import { Executor } from "./executor.ts";
import { explored, microscopeFacts, plannedLater } from "./explore.ts";
import { AcquisitionFuture, MilestoneLog } from "./future.ts";
import { type HookReport, HookTally } from "./hookTally.ts";
import { type AcquisitionNotification, type Milestone, notificationOf } from "./notification.ts";
import { checkAcquisitionOptions } from "./optionKeys.ts";
import type { AcquisitionOptions, SavingOptions } from "./options.ts";
import { Pipeline } from "./pipeline.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { SavingStage } from "./saving.ts";
import { SharedImage } from "./sharedImage.ts";
import { LiveQueue, type Subscription } from "./subscription.ts";
import { createTileGrid, type TileGrid, withTilePosition } from "./tiling.ts";
import { DEFAULT_WATCHDOG, type WatchdogTimes, withTimeout } from "./watchdog.ts";
import { createWriter } from "./writer.ts";

/** Microscopes that an acquisition has in hand. */
const busyMicroscopes = new WeakSet<Microscope>();

/**
 * An acquisition: events go in, images come out through a processor into a dataset. As Pycro-Manager's `Acquisition`.
 *
 * @example
 * await using acquisition = await Acquisition.open({ microscope, directory: "data", name: "run" });
 * await acquisition.acquire(multiDAcquisitionEvents({ num_time_points: 10 }));
 */
export class Acquisition implements AsyncDisposable {
  /** What was saved so far; undefined where nothing is saved (else {@link SavingAcquisition}). */
  readonly dataset: Dataset | undefined;
  /** Resolves when everything is acquired, processed, saved and told of; rejects with the error that stopped it. */
  readonly finished: Promise<void>;

  readonly #options: AcquisitionOptions;
  readonly #watchdogMs: WatchdogTimes;
  readonly #groups: EventGroups;
  readonly #log = new MilestoneLog();
  readonly #stop = new AbortController();
  readonly #grid: TileGrid | undefined;
  readonly #writer: DatasetWriter | undefined;
  readonly #processor: FrameProcessor;
  readonly #pipeline: Pipeline;
  readonly #executor: Executor;
  readonly #saving: SavingStage | undefined;
  readonly #subscribers = new Set<LiveQueue>();
  readonly #liveCounter = new StageCounter();
  readonly #tally = new HookTally();
  readonly #watchers = new Set<Watcher>();
  /** The last event of each channel: what a person wants more of. */
  readonly #lastEvents = new Map<string, AcquisitionEvent>();
  readonly #startedAt = performance.now();
  #endedAt: number | undefined;
  /** Tiles and plans that came from a page. */
  #tiles = 0;
  #plans = 0;
  /** Calls of `onNotification` that have not ended. */
  #told: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #failedIn: string | undefined;
  #failure: { readonly error: unknown } | undefined;

  /**
   * Opens an acquisition and gets it ready for events.
   *
   * @throws {VitrineError} missing: a directory without a name; busy: the microscope has another acquisition; storage,
   *   exists: the dataset cannot be made; type: not an image processor
   */
  static open(options: SavingOptions): Promise<SavingAcquisition>;
  static open(options: AcquisitionOptions): Promise<Acquisition>;
  static async open(options: AcquisitionOptions): Promise<Acquisition> {
    checkAcquisitionOptions(options);
    if (busyMicroscopes.has(options.microscope)) throw isBusy(options.microscope);
    busyMicroscopes.add(options.microscope);
    let processor: FrameProcessor | undefined;
    try {
      const { core } = options.microscope;
      const groups = new EventGroups();
      const grid = options.tiling === undefined ? undefined : await createTileGrid(core, options.tiling);
      const { processor: limitMs } = { ...DEFAULT_WATCHDOG, ...options.watchdogMs };
      processor = await openProcessor(options.imageProcessor, groups, limitMs);
      const writer = await createWriter(options, grid);
      return new Acquisition(options, { groups, grid, processor, writer });
    } catch (error) {
      busyMicroscopes.delete(options.microscope);
      await processor?.close();
      throw error;
    }
  }

  private constructor(
    options: AcquisitionOptions,
    parts: {
      readonly groups: EventGroups;
      readonly grid: TileGrid | undefined;
      readonly processor: FrameProcessor;
      readonly writer: DatasetWriter | undefined;
    },
  ) {
    const { hooks = {}, microscope, clock = systemClock } = options;
    this.#options = options;
    this.#watchdogMs = { ...DEFAULT_WATCHDOG, ...options.watchdogMs };
    this.#groups = parts.groups;
    this.#grid = parts.grid;
    this.#writer = parts.writer;
    this.#processor = parts.processor;
    this.dataset = parts.writer?.dataset;
    const onFailure = (error: unknown) => this.#fail(error);
    this.#saving = parts.writer === undefined ? undefined : this.#createSaving(parts.writer, onFailure);
    this.#pipeline = new Pipeline({
      processor: parts.processor,
      limitMs: this.#watchdogMs.processor,
      deliver: (image) => this.#deliver(image),
      onFailure: (error, what) => {
        this.#failedIn ??= what;
        this.#fail(error);
      },
    });
    this.#executor = new Executor({
      microscope,
      clock,
      hooks: { hooks, eventQueue: parts.groups, limitMs: this.#watchdogMs.hook, tally: this.#tally },
      watchdogMs: this.#watchdogMs,
      signal: this.#stop.signal,
      notify: (milestone, payload) => this.#notify(milestone, payload),
      onEvent: (event) => this.#admit(event),
      emit: (item) => this.#pipeline.push(item),
      afterImages: (act) => this.#afterImages(act),
      onGroupEnd: (group) => {
        this.#log.endGroup(group);
        this.#groups.endOne();
      },
    });
    this.finished = this.#run();
    // whoever closes it learns of a failure; nobody has to wait for it all the time
    this.finished.catch(() => {});
  }

  /**
   * Adds events: one, several, or a generator, which is pulled as the acquisition goes on.
   *
   * @throws {VitrineError} unsupported: the acquisition takes no more events; what `parseEvents` throws. Whatever stopped the
   *   acquisition, if something did
   */
  acquire(events: EventSource): AcquisitionFuture {
    if (this.#failure !== undefined) throw this.#failure.error;
    const group = checkedGroup(events);
    this.#groups.add(group);
    for (const { axes } of group.known ?? []) this.#log.forget(axes);
    return new AcquisitionFuture(this.#log, this.dataset, group);
  }

  /** {@link acquire} by the name that Pycro-Manager's documentation gives it. */
  submit(events: EventSource): AcquisitionFuture {
    return this.acquire(events);
  }

  /** Takes no more events and waits until all is acquired, processed, saved and told of. @throws what stopped it */
  async done(): Promise<void> {
    this.#groups.close();
    await this.finished;
  }

  /** Forgets events that wait and stops the camera; images that were taken are processed and saved. @param error why */
  abort(error?: unknown): void {
    if (error === undefined) this.#halt();
    else this.#fail(error);
  }

  /** Waits until somebody stops it, here or in its page, or something fails. */
  async untilStopped(): Promise<void> {
    const { signal } = this.#stop;
    if (signal.aborted) return;
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  }

  /** Disposing of it is {@link done}. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.done();
  }

  /**
   * Gives images as they pass by, without holding anything up.
   *
   * @param options  queue: images that may wait (default 1); of more, the oldest are dropped
   * @throws {VitrineError} range: a queue below 1
   */
  subscribe(options: { readonly queue?: number } = {}): Subscription {
    refuseUnknownKeys(options, { known: ["queue"], at: "subscribe options" });
    const { queue = 1 } = options;
    const live = new LiveQueue(queue, (closed) => {
      if (this.#subscribers.delete(closed)) this.#liveCounter.dropped += closed.dropped;
    });
    if (this.#isOver) live.end();
    else this.#subscribers.add(live);
    return live;
  }

  /** Images that were saved in the place of an earlier one of the same axes: of those the dataset has the last. */
  get duplicates(): number {
    return this.#writer?.duplicates ?? 0;
  }

  /** The folder that images are saved in; undefined where none is. */
  get folder(): string | undefined {
    return this.#options.directory === undefined ? undefined : this.dataset?.name;
  }

  /** What failed first between camera and saving, such as `image processor for time 2`; undefined where nothing did. */
  get failedIn(): string | undefined {
    return this.#failedIn;
  }

  /** Times that somebody put events after null: they are not taken. */
  get lateEvents(): number {
    return this.#groups.late;
  }

  /** Whether no event waits and every image so far is processed, saved and told of. */
  get isIdle(): boolean {
    return this.#groups.isIdle;
  }

  /** Whether the image processor has a parameter for the event queue, and so may add events until it puts null. */
  get takesQueue(): boolean {
    return this.#processor.takesQueue;
  }

  /** What each hook that was called has done. */
  hookReport(): HookReport[] {
    return this.#tally.reports();
  }

  /**
   * Serves a page on this acquisition, in a process of its own: the newest processed image of each channel, rates, queues, drops, hooks, and
   * a way to stop it and to queue more tiles. A watcher never holds the acquisition up: an image is copied when somebody is free for it, and one every 2 s for pages that open later.
   *
   * @throws {VitrineError} range: wrong options; missing: the package is not built; worker: the page cannot be served, and why
   *
   * @example
   * await using view = await acquisition.view();
   * console.log(view.address); // to open in a browser
   */
  async view(options: ViewOptions = {}): Promise<AcquisitionView> {
    refuseUnknownKeys(options, { known: ["host", "port"], at: "view options" });
    const facts = await microscopeFacts(this.#options.microscope.core);
    const { view, watcher } = await openView(
      {
        folder: this.folder ?? null,
        state: () => this.#liveState(facts),
        stop: () => this.abort(),
        queue: (tiles) => this.#explore(tiles),
        run: (plan) => {
          const last = [...this.#lastEvents.values()];
          const { events, count } = plannedLater(plan, { ...facts, number: this.#plans + 1, last });
          this.acquire(events);
          this.#plans++;
          return count;
        },
      },
      options,
    );
    this.#watchers.add(watcher);
    return view;
  }

  #liveState(microscope: MicroscopeFacts): LiveState {
    const error = this.#failure?.error;
    const end = this.#endedAt;
    const isStopping = this.#stop.signal.aborted && error === undefined;
    const open = isStopping ? "stopping" : "running";
    return {
      state: error !== undefined ? "failed" : end === undefined ? open : "done",
      ...(error !== undefined && { message: error instanceof Error ? error.message : String(error) }),
      folder: this.folder ?? null,
      seconds: Math.round(((end ?? performance.now()) - this.#startedAt) / 1000),
      stages: this.report(),
      hooks: this.hookReport(),
      microscope,
    };
  }

  /** Events as the last ones of each channel, elsewhere. @throws {VitrineError} unsupported */
  #explore(tiles: readonly WantedTile[]): number {
    const events = explored([...this.#lastEvents.values()], tiles, this.#tiles);
    this.#tiles += tiles.length;
    this.acquire(events);
    return events.length;
  }

  /** Every stage in numbers: queue depth, rate, drops. */
  report(): StageReport[] {
    const live = [...this.#subscribers];
    const queued = live.reduce((sum, each) => sum + each.size, 0);
    const subscribers = this.#liveCounter.report("subscribers", queued);
    const missed = live.reduce((sum, each) => sum + each.dropped, 0);
    return [
      ...this.#executor.reports(this.#groups.size),
      this.#pipeline.report(),
      ...(this.#saving?.reports() ?? []),
      { ...subscribers, dropped: subscribers.dropped + missed },
    ];
  }

  async #run(): Promise<void> {
    this.#notify("acq_started", null);
    const pipeline = this.#pipeline.run();
    try {
      await this.#executor.run(this.#groups);
    } catch (error) {
      this.#fail(error);
    }
    await this.#attempt(() => this.#executor.close());
    this.#pipeline.close();
    await pipeline;
    await this.#close();
    this.#log.end(this.#failure?.error);
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Ends every stage in turn; a failure of one does not keep the others open. */
  async #close(): Promise<void> {
    await this.#attempt(() => this.#saving?.drain());
    this.#notify("acq_events_finished", null);
    await this.#attempt(() => this.#saving?.close());
    await this.#attempt(() => this.#writer?.finish());
    if (this.#writer !== undefined) this.#notify("data_sink_finished", null);
    await this.#attempt(() => this.#processor.close());
    await this.#attempt(async () => withTimeout(this.#told, "onNotification", this.#watchdogMs.hook));
    this.#isOver = true;
    this.#endedAt = performance.now();
    for (const live of this.#subscribers) live.end();
    this.#groups.clear();
    busyMicroscopes.delete(this.#options.microscope);
  }

  async #attempt(end: () => Promise<unknown> | undefined): Promise<void> {
    try {
      await end();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** An event on its way in. */
  #admit(event: AcquisitionEvent): AcquisitionEvent {
    const placed = this.#grid === undefined ? event : withTilePosition(event, this.#grid);
    if (placed.special === undefined) this.#lastEvents.set(String(placed.axes.channel ?? ""), placed);
    return placed;
  }

  async #deliver(processed: ProcessedImage): Promise<void> {
    const image = new SharedImage(processed);
    try {
      const seen = this.#options.onImage?.(image.image, image.metadata);
      await withTimeout(seen, `onImage for ${describeAxes(image.axes)}`, this.#watchdogMs.hook);
      for (const live of this.#subscribers) live.offer(image);
      for (const watcher of this.#watchers) watcher.offer(image);
      this.#liveCounter.count();
      await this.#saving?.accept(image.hold());
    } finally {
      image.release();
    }
  }

  /** Does something once all images of the frames so far are saved and told of. */
  async #afterImages(act: () => void): Promise<void> {
    const saving = this.#saving;
    const marker = saving === undefined ? act : () => saving.after(act);
    await this.#pipeline.push({ kind: "marker", act: marker });
  }

  #createSaving(writer: DatasetWriter, onFailure: (error: unknown) => void): SavingStage {
    return new SavingStage({
      writer,
      imageSaved: this.#options.imageSaved,
      eventQueue: this.#groups,
      limitMs: this.#watchdogMs.saving,
      onSaved: (axes: Axes) => this.#notify("image_saved", axes),
      onFailure,
    });
  }

  /** Tells everybody; a callback that throws stops the acquisition. */
  #notify(milestone: Milestone, payload: AcquisitionNotification["payload"]): void {
    const notification = notificationOf(milestone, payload);
    this.#log.note(notification);
    try {
      const telling = this.#options.onNotification?.(notification);
      if (telling instanceof Promise)
        this.#told = Promise.all([this.#told, telling.catch((error) => this.#fail(error))]);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** The first failure counts. */
  #fail(error: unknown): void {
    this.#failure ??= { error };
    this.#halt();
  }

  #halt(): void {
    this.#groups.forget();
    this.#stop.abort();
  }
}

/** An acquisition whose options say where its images are saved. */
export interface SavingAcquisition extends Acquisition {
  readonly dataset: Dataset;
}

function isBusy({ name }: Microscope): VitrineError {
  return new VitrineError({
    code: "busy",
    at: `microscope ${name}`,
    expected: "no acquisition that has it in hand",
    found: "one",
    hint: "Wait for its end with done()",
  });
}
