import { VitrineError } from "../../core/index.ts";
import { type Axes, describeAxes } from "../../io/index.ts";
import type { Clock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Exposure, Microscope } from "../microscope.ts";
import type { EventGroup, EventGroups } from "./eventQueue.ts";
import { FrameCollector } from "./frameCollector.ts";
import { Hardware } from "./hardware.ts";
import { type HookContext, runHook } from "./hooks.ts";
import type { AcquisitionNotification, Milestone } from "./notification.ts";
import type { PipelineItem } from "./pipeline.ts";
import { StageCounter, type StageReport } from "./report.ts";
import { SequenceRules } from "./sequence.ts";
import { type WatchdogTimes, watched } from "./watchdog.ts";

/** What running events needs of the acquisition. */
export interface ExecutorContext {
  readonly microscope: Microscope;
  readonly clock: Clock;
  readonly hooks: HookContext;
  readonly watchdogMs: WatchdogTimes;
  /** Aborted: nothing more is started, and a running exposure ends. */
  readonly signal: AbortSignal;
  readonly notify: (milestone: Milestone, payload: AcquisitionNotification["payload"]) => void;
  /** Each event before anything is done with it. */
  readonly onEvent: (event: AcquisitionEvent) => AcquisitionEvent;
  /** Takes a frame or a marker; false once no more is taken. */
  readonly emit: (item: PipelineItem) => Promise<boolean>;
}

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
    for (let group = await groups.next(); group !== undefined; group = await groups.next()) {
      for await (const events of this.#sequences(group)) {
        if (this.#context.signal.aborted) return;
        if (events[0]!.special === "acquisition-end") return groups.clear();
        await this.#acquire(events);
      }
    }
  }

  reports(): StageReport[] {
    return [this.#counter.report("events", 0), this.#collector.report()];
  }

  /** Events joined to hardware sequences. One whose successor is not there yet is acquired without waiting for it. */
  async *#sequences({ events }: EventGroup): AsyncGenerator<readonly AcquisitionEvent[]> {
    let sequence: AcquisitionEvent[] = [];
    for await (const event of withPauses(events)) {
      const isBreak = event === undefined || event.special !== undefined;
      for (const each of isBreak ? [] : await this.#generated(event)) {
        if (sequence.length > 0 && !(await this.#rules.canJoin(sequence, each))) {
          yield sequence;
          sequence = [];
        }
        sequence.push(each);
      }
      if (isBreak && sequence.length > 0) {
        yield sequence;
        sequence = [];
      }
      if (event?.special === "acquisition-end") yield [event];
      if (this.#context.signal.aborted) return;
    }
    if (sequence.length > 0) yield sequence;
  }

  async #generated(event: AcquisitionEvent): Promise<readonly AcquisitionEvent[]> {
    this.#counter.count();
    return runHook(this.#context.hooks, "eventGeneration", [this.#context.onEvent(event)]);
  }

  async #acquire(given: readonly AcquisitionEvent[]): Promise<void> {
    const { notify, hooks } = this.#context;
    await this.#collector.waitForStart(given[0]!);
    notify("pre_hardware", payloadOf(given));
    const answer = await runHook(hooks, "preHardware", given);
    for (const events of answer === given ? [given] : await this.#regrouped(answer)) {
      if (this.#context.signal.aborted) return;
      try {
        await this.#expose(events);
      } finally {
        await this.#hardware.finish(events[events.length - 1]!);
      }
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
    if (!this.#context.signal.aborted) await this.#runCamera(events);
  }

  async #runCamera(events: readonly AcquisitionEvent[]): Promise<void> {
    const { notify, hooks, emit } = this.#context;
    const isSnap = events.length === 1;
    notify(isSnap ? "pre_snap" : "pre_sequence_started", payloadOf(events));
    const exposure = await this.#startCamera(events);
    if (isSnap) notify("post_snap", payloadOf(events));
    await runHook({ ...hooks, hooks: ignoringAnswer(hooks.hooks) }, "postCamera", events);
    await this.#collector.collect(exposure, events);
    // told after the images of the sequence, as the peer's order has it
    if (!isSnap)
      await emit({ kind: "marker", act: () => notify("post_sequence_stopped", payloadOf(events)) });
  }

  async #startCamera(events: readonly AcquisitionEvent[]): Promise<Exposure> {
    const { microscope, signal } = this.#context;
    const { camera, axes } = events[0]!;
    const starting = microscope.startExposure({
      frames: events.length,
      signal,
      ...(camera === undefined ? {} : { cameras: [camera] }),
    });
    return watched(
      starting,
      `exposure of ${describeAxes(axes)}`,
      await this.#collector.longestWaitMs(events[0]!),
    );
  }
}

/** The axes of an event; a list for a sequence. */
function payloadOf(events: readonly AcquisitionEvent[]): Axes | readonly Axes[] {
  return events.length === 1 ? events[0]!.axes : events.map(({ axes }) => axes);
}

/** The peer ignores what this hook returns: nothing is not a cancellation. */
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

/** Items of a source; undefined where the next one is not there at once, so that what came before need not wait for it. */
async function* withPauses<T>(source: Iterable<T> | AsyncIterable<T>): AsyncGenerator<T | undefined> {
  if (Symbol.iterator in source) return yield* source;
  const iterator = source[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ; next = iterator.next()) {
      const isHere = await Promise.race([next.then(() => true), nextTurn().then(() => false)]);
      if (!isHere) yield undefined;
      const { done, value } = await next;
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** The next turn of the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
