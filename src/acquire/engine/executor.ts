import { raceAbort, VitrineError, yieldToEventLoop } from "../../core/index.ts";
import { type Axes, describeAxes } from "../../io/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Exposure } from "../microscope.ts";
import type { EventGroup, EventGroups } from "./eventQueue.ts";
import type { ExecutorContext } from "./executorContext.ts";
import { FrameCollector } from "./frameCollector.ts";
import { Hardware } from "./hardware.ts";
import { type HookContext, runHook } from "./hooks.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { SequenceRules } from "./sequence.ts";
import { withTimeout } from "./watchdog.ts";

/** Runs events on the hardware: hooks, waiting times, devices, camera, in the order of Pycro-Manager's engine. */
export class Executor {
  readonly #context: ExecutorContext;
  readonly #rules: SequenceRules;
  readonly #hardware: Hardware;
  readonly #collector: FrameCollector;
  readonly #counter = new StageCounter();

  constructor(context: ExecutorContext) {
    const { microscope, clock, watchdogMs } = context;
    this.#context = context;
    this.#rules = new SequenceRules(microscope.core);
    this.#hardware = new Hardware(microscope.core, { limitMs: watchdogMs.hardware, clock });
    this.#collector = new FrameCollector(context);
  }

  /** Runs groups of events until there are no more. @throws whatever stopped it: a device, a hook, a wrong event */
  async run(groups: EventGroups): Promise<void> {
    const { afterImages, onGroupEnd } = this.#context;
    for (let group = await groups.next(); group !== undefined; group = await groups.next()) {
      if ((await this.#runGroup(group)) === "end") return groups.clear();
      const ended = group;
      await afterImages(() => onGroupEnd(ended));
    }
  }

  /** Leaves the devices as they may stay. @throws {VitrineError} device, timeout */
  async close(): Promise<void> {
    await this.#hardware.finish();
  }

  /** @param waiting  groups of events that wait */
  reports(waiting: number): StageReport[] {
    return [this.#counter.report("events", waiting), this.#collector.report()];
  }

  /** Runs the events of a group; "end" where nothing is to come after them. */
  async #runGroup(group: EventGroup): Promise<"end" | "done"> {
    for await (const events of this.#sequences(group)) {
      if (this.#context.signal.aborted || events[0]!.special === "acquisition-end") return "end";
      await this.#acquire(events);
    }
    return this.#context.signal.aborted ? "end" : "done";
  }

  /** Events joined to hardware sequences. One whose successor is not there yet is acquired without waiting for it. */
  async *#sequences({ events }: EventGroup): AsyncGenerator<readonly AcquisitionEvent[]> {
    let sequence: AcquisitionEvent[] = [];
    for await (const event of withPauses(events, this.#context.signal)) {
      await this.#collector.yieldIfDue();
      for (const each of event === undefined ? [event] : await this.#generated(event)) {
        const isBreak = each === undefined || each.special !== undefined;
        if (sequence.length > 0 && (isBreak || !(await this.#rules.canJoin(sequence, each)))) {
          yield sequence;
          sequence = [];
        }
        if (!isBreak) sequence.push(each);
        if (each?.special === "acquisition-end") yield [each];
      }
      if (this.#context.signal.aborted) return;
    }
    if (sequence.length > 0) yield sequence;
  }

  async #generated(event: AcquisitionEvent): Promise<readonly AcquisitionEvent[]> {
    if (event.special !== undefined) return [event];
    this.#counter.count();
    return runHook(this.#context.hooks, "eventGeneration", [this.#context.onEvent(event)]);
  }

  async #acquire(given: readonly AcquisitionEvent[]): Promise<void> {
    const { notify, hooks } = this.#context;
    this.#collector.resetTimer(given[0]!);
    await this.#collector.waitForStart(given[0]!);
    if (this.#context.signal.aborted) return;
    notify("pre_hardware", payloadOf(given));
    const answer = await runHook(hooks, "preHardware", given);
    for (const events of answer === given ? [given] : await this.#regrouped(answer)) {
      if (this.#context.signal.aborted) return;
      try {
        await this.#expose(events);
      } catch (error) {
        // the first failure is told of, not that the devices cannot be stopped either
        await this.#hardware.finish(events[events.length - 1]!).catch(() => {});
        throw error;
      }
      await this.#hardware.finish(events[events.length - 1]!);
    }
  }

  /** What a hook returned need not be what the hardware can play at once. */
  async #regrouped(events: readonly AcquisitionEvent[]): Promise<AcquisitionEvent[][]> {
    const groups: AcquisitionEvent[][] = [];
    for (const event of events) {
      const last = groups[groups.length - 1];
      if (last !== undefined && (await this.#rules.canJoin(last, event))) last.push(event);
      else groups.push([event]);
    }
    return groups;
  }

  async #expose(given: readonly AcquisitionEvent[]): Promise<void> {
    const { notify, hooks } = this.#context;
    await this.#hardware.setAllButFocus(given);
    notify("pre_z_drive", payloadOf(given));
    const beforeZ = await runHook(hooks, "preZ", given);
    if (beforeZ.length === 0) return;
    await this.#hardware.setFocus(sameCount(beforeZ, given, "preZ"));
    notify("post_hardware", payloadOf(beforeZ));
    const events = await runHook(hooks, "postHardware", beforeZ);
    if (events.length === 0) return;
    await this.#collector.waitForStart(sameCount(events, given, "postHardware")[0]!);
    if (!this.#context.signal.aborted && makesImage(events[0]!)) await this.#runCamera(events);
  }

  async #runCamera(events: readonly AcquisitionEvent[]): Promise<void> {
    const { notify, hooks, afterImages } = this.#context;
    const isSnap = events.length === 1;
    notify(isSnap ? "pre_snap" : "pre_sequence_started", payloadOf(events));
    const exposure = await this.#startCamera(events);
    if (isSnap) notify("post_snap", payloadOf(events));
    try {
      await runHook({ ...hooks, hooks: ignoringAnswer(hooks.hooks) }, "postCamera", events);
    } catch (error) {
      await withTimeout(discard(exposure), "stopping the camera", this.#context.watchdogMs.hardware);
      throw error;
    }
    if (!(await this.#collector.collect(exposure, events))) this.#hardware.forgetPositions();
    // told after the images of the sequence, as Pycro-Manager's order has it
    if (!isSnap) await afterImages(() => notify("post_sequence_stopped", payloadOf(events)));
  }

  async #startCamera(events: readonly AcquisitionEvent[]): Promise<Exposure> {
    const { microscope, signal } = this.#context;
    const { camera, axes } = events[0]!;
    const starting = microscope.startExposure({
      frames: events.length,
      signal,
      ...(camera === undefined ? {} : { cameras: [camera] }),
    });
    const limitMs = await this.#collector.longestWaitMs(events);
    try {
      return await withTimeout(starting, `exposure of ${describeAxes(axes)}`, limitMs);
    } catch (error) {
      // one that starts after all would keep the camera and its frames
      starting.then(discard).catch(() => {});
      throw error;
    }
  }
}

/** Stops an exposure that nobody wants, and gives its frames back. */
async function discard(exposure: Exposure): Promise<void> {
  await exposure.stop();
  for await (const frame of exposure.frames) frame.release();
}

/** Autofocus, and devices that are only set, are events of their own. */
function makesImage({ autofocus, no_image }: AcquisitionEvent): boolean {
  return autofocus === undefined && no_image !== true;
}

/** The axes of an event; a list for a sequence. */
function payloadOf(events: readonly AcquisitionEvent[]): Axes | readonly Axes[] {
  return events.length === 1 ? events[0]!.axes : events.map(({ axes }) => axes);
}

/** Pycro-Manager ignores what this hook returns: nothing is not a cancellation. */
function ignoringAnswer(hooks: HookContext["hooks"]): HookContext["hooks"] {
  const { postCamera } = hooks;
  if (postCamera === undefined) return hooks;
  return {
    ...hooks,
    postCamera: async (event, queue) => {
      await postCamera(event, queue);
      return event;
    },
  };
}

function sameCount(
  events: readonly AcquisitionEvent[],
  given: readonly AcquisitionEvent[],
  hook: string,
): readonly AcquisitionEvent[] {
  if (events.length === given.length) return events;
  throw new VitrineError({
    code: "range",
    at: `what hook ${hook} returned`,
    expected: `as many events as it was given (${given.length}), or nothing`,
    found: String(events.length),
    hint: "Return more events from eventGeneration or preHardware, where the hardware is not set yet",
  });
}

/**
 * Items of a source; undefined where the next one is not there at once, so that what came before need not wait for it. Ends
 * when the signal is aborted, even where the source waits for what will never come.
 */
async function* withPauses<T>(
  source: Iterable<T> | AsyncIterable<T>,
  signal: AbortSignal,
): AsyncGenerator<T | undefined> {
  if (Symbol.iterator in source) return yield* source;
  const iterator = source[Symbol.asyncIterator]();
  let isDone = false;
  try {
    while (!signal.aborted) {
      const next = iterator.next();
      const isHere = await Promise.race([next.then(() => true), yieldToEventLoop().then(() => false)]);
      if (!isHere) yield undefined;
      const result = await raceAbort(next, signal, () => undefined);
      isDone = result === undefined || result.done === true;
      if (isDone) return;
      yield result?.value;
    }
  } finally {
    // one that still waits would answer when it no longer does; what it throws then is nobody's
    if (!isDone) iterator.return?.().catch(() => {});
  }
}
