import { VitrineError } from "../../core/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { parseEvents } from "../events/parseEvents.ts";

/** What `acquire` and `put` take: one event, several, or a generator that is pulled as the acquisition goes on. */
export type EventSource = AcquisitionEvent | Iterable<AcquisitionEvent> | AsyncIterable<AcquisitionEvent>;

/** Where image processors, hooks and `imageSaved` add events. */
export interface EventQueue {
  /**
   * Adds events, or, with null, ends the acquisition after what was added before: images that were acquired are still processed.
   * After null, an abort or a failure nothing is taken, and nobody is bothered.
   *
   * @throws {VitrineError} unsupported: after `done()`; what `parseEvents` throws
   */
  put(events: EventSource | null): void;
}

/** Events of one call of `acquire` or `put`; hardware sequences never reach over its end. */
export interface EventGroup {
  readonly events: Iterable<AcquisitionEvent> | AsyncIterable<AcquisitionEvent>;
}

/** Groups of events in the order in which they were added. */
export class EventGroups implements EventQueue {
  #groups: EventGroup[] = [];
  /** Groups whose last image is not through yet. */
  #open = 0;
  #closed = false;
  #forgets = false;
  #hasNull = false;
  /** Times that something was put after null. */
  late = 0;
  #wake: (() => void) | undefined;

  /** Whether null was put: no more events are taken. */
  get isClosed(): boolean {
    return this.#closed;
  }

  /** Groups that wait. */
  get size(): number {
    return this.#groups.length;
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#open === 0;
  }

  /** A group's last image is processed, saved and told of. */
  endOne(): void {
    this.#open--;
  }

  put(events: EventSource | null): void {
    if (this.#forgets) return;
    if (this.#hasNull && events !== null) this.late++;
    else if (events === null) {
      this.#hasNull = true;
      this.close();
    } else this.add(checkedGroup(events));
  }

  add(group: EventGroup): void {
    if (this.#closed) throw alreadyClosed();
    this.#groups.push(group);
    this.#open++;
    this.#wake?.();
  }

  /** Takes no more events. */
  close(): void {
    this.#closed = true;
    this.#wake?.();
  }

  /** Forgets what waits and takes nothing more. */
  clear(): void {
    this.#groups = [];
    this.close();
  }

  /** {@link clear}, and whoever still puts events is not told that it is too late. */
  forget(): void {
    this.#forgets = true;
    this.clear();
  }

  /** The next group; undefined once the queue is closed and empty. */
  async next(): Promise<EventGroup | undefined> {
    while (this.#groups.length === 0 && !this.#closed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
    return this.#groups.shift();
  }
}

/** A group whose events are checked. */
export interface CheckedGroup extends EventGroup {
  /** Its events, where they are there already. */
  readonly known: readonly AcquisitionEvent[] | undefined;
}

/** A group whose events are checked: all at once if they are there, else one by one as they come. */
export function checkedGroup(source: EventSource): CheckedGroup {
  if (isIterable(source)) return { events: checkedAsPulled(source), known: undefined };
  if (isAsyncIterable(source)) return { events: checkedAsTheyCome(source), known: undefined };
  const known = [...parseEvents(source, "events")];
  return { events: known, known };
}

/** A plain event is not iterable; an array is there already. */
function isIterable(source: EventSource): source is Iterable<AcquisitionEvent> {
  return !Array.isArray(source) && Symbol.iterator in source;
}

function isAsyncIterable(source: EventSource): source is AsyncIterable<AcquisitionEvent> {
  return Symbol.asyncIterator in source;
}

function* checkedAsPulled(source: Iterable<AcquisitionEvent>): Generator<AcquisitionEvent> {
  let index = 0;
  for (const event of source) yield* parseEvents(event, `event ${index++}`);
}

async function* checkedAsTheyCome(source: AsyncIterable<AcquisitionEvent>): AsyncGenerator<AcquisitionEvent> {
  let index = 0;
  for await (const event of source) yield* parseEvents(event, `event ${index++}`);
}

function alreadyClosed(): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "acquisition",
    expected: "events before its end",
    found: "events after done(), put(null), abort() or disposal",
    hint: "An acquisition that its processor feeds is opened without `await using` and ends at put(null)",
  });
}
