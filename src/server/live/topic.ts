/** What a page can watch: a topic gives a value whenever there is another one. */
import { setTimeout as pause } from "node:timers/promises";
import type { z } from "zod";
import { parseWithSchema } from "../../io/index.ts";

/** A value of a topic: JSON, or JSON with bytes behind it. */
export interface TopicValue {
  readonly json: unknown;
  readonly bytes?: Uint8Array;
}

/** Something that changes. */
export interface Topic<Query> {
  readonly name: string;
  readonly query: z.ZodType<Query>;
  /** Pulled only when the one who watches has room for another value, so that nothing piles up. */
  readonly values: (query: Query, signal: AbortSignal) => AsyncIterable<TopicValue>;
}

/** A topic that takes what a page sends, whatever it is. */
export interface AnyTopic {
  readonly name: string;
  /** @throws {VitrineError} what is wrong with the query */
  readonly values: (given: unknown, signal: AbortSignal) => AsyncIterable<TopicValue>;
}

/** Makes a topic that parses its query before anything else. */
export function topic<Query>({ name, query, values }: Topic<Query>): AnyTopic {
  return { name, values: (given, signal) => values(parseWithSchema(given, query, name), signal) };
}

/** Reads again and again, and gives what differs from the last. @throws whatever reading throws */
export async function* whenChanged(
  read: () => Promise<unknown>,
  { everyMs, signal }: { readonly everyMs: number; readonly signal: AbortSignal },
): AsyncGenerator<TopicValue> {
  for (let last: string | undefined; !signal.aborted; ) {
    const json = await read();
    const text = JSON.stringify(json);
    if (text !== last) yield { json };
    last = text;
    await pause(everyMs, undefined, { signal }).catch(() => {}); // aborted: the loop ends
  }
}
