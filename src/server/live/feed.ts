/** An acquisition that runs: what pages watch of it, and what they may have it do. */
import { z } from "zod";
import type { LiveFrame, LiveState, WantedTile } from "../../acquire/index.ts";
import { type AnyRoute, json, route } from "../route.ts";
import { type AnyTopic, topic } from "./topic.ts";

/** The address under which a page finds it. */
export const LIVE_AT = "@live";
/** Tiles of one wish. */
const MOST_TILES = 400;

/** An acquisition, wherever it runs. */
export interface LiveFeed {
  /** States from now on, each when it changes. */
  states(signal: AbortSignal): AsyncIterable<LiveState>;
  /** Frames from now on, one when it is asked for. */
  frames(signal: AbortSignal): AsyncIterable<{ readonly frame: LiveFrame; readonly data: Uint8Array }>;
  stop(): void;
  /** @returns how many events were queued @throws {VitrineError} what is wrong with that */
  queue(tiles: readonly WantedTile[]): Promise<number>;
  /** @returns its events @throws {VitrineError} what is wrong with that */
  run(plan: unknown): Promise<number>;
}

/** What pages watch. @param address  a folder as pages call it */
export function liveTopics(feed: LiveFeed, address: (folder: string | null) => string | null): AnyTopic[] {
  return [
    topic({
      name: "acquisition",
      query: z.strictObject({}),
      async *values(_query, signal) {
        for await (const state of feed.states(signal))
          yield { json: { ...state, folder: address(state.folder) } };
      },
    }),
    topic({
      name: "acquisition/frame",
      query: z.strictObject({}),
      async *values(_query, signal) {
        for await (const { frame, data } of feed.frames(signal)) yield { json: frame, bytes: data };
      },
    }),
  ];
}

/** What pages may have it do. */
export function liveRoutes(feed: LiveFeed): AnyRoute[] {
  const um = z.number().min(-1e7).max(1e7);
  return [
    route({
      path: "acquisition/stop",
      method: "post",
      summary: "Ends the acquisition; images that were taken are saved",
      query: z.strictObject({}),
      gives: ["application/json"],
      async answer() {
        feed.stop();
        return json({ stopped: true });
      },
    }),
    route({
      path: "acquisition/queue",
      method: "post",
      summary: "Adds events like the last ones of each channel at other places of the stage, µm",
      query: z.strictObject({
        tiles: z
          .array(z.strictObject({ xUm: um, yUm: um }))
          .min(1)
          .max(MOST_TILES),
      }),
      gives: ["application/json"],
      answer: async ({ tiles }) => json({ events: await feed.queue(tiles) }),
    }),
    route({
      path: "acquisition/run",
      method: "post",
      summary:
        "Runs a plan after what is under way: events, parameters of multiDAcquisitionEvents, a useq sequence",
      query: z.strictObject({ plan: z.union([z.record(z.string(), z.unknown()), z.array(z.unknown())]) }),
      gives: ["application/json"],
      answer: async ({ plan }) => json({ events: await feed.run(plan) }),
    }),
  ];
}
