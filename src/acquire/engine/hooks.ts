import { VitrineError } from "../../core/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { parseEvents } from "../events/parseEvents.ts";
import type { EventQueue } from "./eventQueue.ts";
import type { HookTally } from "./hookTally.ts";
import { withTimeout } from "./watchdog.ts";

/** An event, or the events of a hardware sequence; `Array.isArray` tells which. */
export type EventOrSequence = AcquisitionEvent | AcquisitionEvent[];

/**
 * A function that sees what is about to be acquired and may change it.
 *
 * @param event   the event; an array where hardware plays several by itself ({@link eachEvent} sees them one by one)
 * @returns       what to acquire instead: an event, several, or nothing to cancel
 */
export type AcquisitionHook<Given extends EventOrSequence = EventOrSequence> = (
  event: Given,
  eventQueue: EventQueue,
) => HookResult | Promise<HookResult>;

// biome-ignore lint/suspicious/noConfusingVoidType: a function without a return statement is a hook too
type HookResult = AcquisitionEvent | readonly AcquisitionEvent[] | null | undefined | void;

/** Hooks in the order in which they run; names as in Pycro-Manager without `_hook_fn`. */
export interface AcquisitionHooks {
  /** Each event by itself, before any are joined to a hardware sequence. */
  readonly eventGeneration?: AcquisitionHook<AcquisitionEvent> | undefined;
  /** Before the hardware is changed. */
  readonly preHardware?: AcquisitionHook | undefined;
  /** After all hardware but the focus drive. */
  readonly preZ?: AcquisitionHook | undefined;
  /** After the hardware was changed, before the camera starts. */
  readonly postHardware?: AcquisitionHook | undefined;
  /** After the camera has started; what it returns is ignored. */
  readonly postCamera?: AcquisitionHook | undefined;
}

/**
 * A hook for whoever looks at single events: called for each event of a hardware sequence in turn, and what it returns for them
 * is acquired. It changes nothing for an event that is alone.
 *
 * @example
 * const hooks = { preHardware: eachEvent((event) => (event.axes.time === 3 ? null : event)) };
 */
export function eachEvent(hook: AcquisitionHook<AcquisitionEvent>): AcquisitionHook {
  return async (given, eventQueue) => {
    if (!Array.isArray(given)) return hook(given, eventQueue);
    const answers: AcquisitionEvent[] = [];
    for (const event of given) answers.push(...[(await hook(event, eventQueue)) ?? []].flat());
    return answers;
  };
}

/** What a hook needs of its acquisition. */
export interface HookContext {
  readonly hooks: AcquisitionHooks;
  readonly eventQueue: EventQueue;
  readonly limitMs: number;
  readonly tally?: HookTally;
}

/** Runs one hook. @returns what to acquire: none where it cancelled. */
export async function runHook(
  { hooks, eventQueue, limitMs, tally }: HookContext,
  name: keyof AcquisitionHooks,
  events: readonly AcquisitionEvent[],
): Promise<readonly AcquisitionEvent[]> {
  // eventGeneration is given single events only
  const hook = hooks[name] as AcquisitionHook | undefined;
  if (hook === undefined) return events;
  const given = events.length === 1 ? events[0]! : [...events];
  const before = performance.now();
  const answer = await withTimeout(Promise.resolve(hook(given, eventQueue)), `hook ${name}`, limitMs);
  const isNothing = answer === null || answer === undefined || (Array.isArray(answer) && answer.length === 0);
  const returned = isNothing ? [] : [...parseEvents(answer, `what hook ${name} returned`)];
  const isAsGiven = Array.isArray(answer)
    ? answer.length === events.length && events.every((event, i) => event === answer[i])
    : events.length === 1 && answer === events[0];
  const ms = performance.now() - before;
  tally?.note(name, { given: events, answer: isAsGiven ? events : returned, ms });
  const special = returned.find((event) => event.special !== undefined);
  if (special !== undefined && name !== "eventGeneration") throw tooLate(name, special);
  return returned;
}

function tooLate(name: string, { special }: AcquisitionEvent): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: `what hook ${name} returned`,
    expected: "events with images",
    found: `special ${special}`,
    hint: "Return it from eventGeneration, or end the acquisition with eventQueue.put(null)",
  });
}
