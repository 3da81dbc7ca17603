/** Names of channels that several cycles have: each cycle stains the same sites anew, so that its channels are layers of their own. */
import { VitrineError } from "../../core/index.ts";
import type { Query } from "../experiment.ts";
import { groupBy } from "./group.ts";

/** How channels of one name in several cycles are called. */
export const CHANNEL_NAMES = ["distinct", "by-cycle", "as-found"] as const;

/**
 * `distinct`: a name that another cycle has gets the cycle's number in front, as `1_DAPI`; `by-cycle`: every name does, as TissueMAPS' names;
 * `as-found`: cycles share a channel, whose layers show the last.
 */
export type ChannelNames = (typeof CHANNEL_NAMES)[number];

/** Cycles that have images of a channel, by its name. */
export type ChannelCycles = ReadonlyMap<string, readonly number[]>;

/** How names are found. */
export interface NamingOptions {
  readonly channelNames: ChannelNames;
  /** Of the experiment that the images are for. */
  readonly channelCycles: ChannelCycles;
  /** Gets a line for each cycle whose channels are called otherwise, unless all are. */
  readonly warnings: string[];
}

/** Planes with names of channels by which layers tell cycles apart; where a name is free, the first cycle keeps it. */
export function nameChannels<P extends { readonly cycle: number; readonly channel: string }>(
  planes: readonly P[],
  { channelNames, channelCycles, warnings }: NamingOptions,
): readonly P[] {
  if (channelNames === "as-found") return planes;
  const names = new Map<string, string>();
  const key = (cycle: number, channel: string) => `${cycle}\u0000${channel}`;
  for (const [channel, of] of groupBy(planes, (plane) => plane.channel)) {
    const cycles = [...new Set(of.map(({ cycle }) => cycle))].sort((a, b) => a - b);
    const [first = cycles[0]] = channelCycles.get(channel) ?? [];
    const owner = channelNames === "distinct" ? first : undefined;
    for (const cycle of cycles) if (cycle !== owner) names.set(key(cycle, channel), `${cycle}_${channel}`);
  }
  if (channelNames === "distinct") {
    const renamed = [...names].map(([of, name]) => [...of.split("\u0000"), name] as const);
    for (const [cycle, of] of groupBy(renamed, ([number]) => number))
      warnings.push(
        `another cycle has channels of the names of cycle ${cycle}: ${of.map(([, from, to]) => `${from} is imported as ${to}`).join(", ")} ` +
          "(--channel-names as-found puts them into one channel, of which layers show the last cycle)",
      );
  }
  return planes.map((plane) => ({
    ...plane,
    channel: names.get(key(plane.cycle, plane.channel)) ?? plane.channel,
  }));
}

/** The cycles of each channel of an experiment that has images. */
export async function readChannelCycles(query: Query): Promise<ChannelCycles> {
  const rows = await query
    .selectFrom("imageFiles")
    .innerJoin("channels", "channels.id", "imageFiles.channelId")
    .innerJoin("cycles", "cycles.id", "imageFiles.cycleId")
    .select(["channels.name as name", "cycleIndex"])
    .distinct()
    .orderBy("cycleIndex")
    .execute();
  const groups = [...groupBy(rows, ({ name }) => name)];
  return new Map(groups.map(([name, of]) => [name, of.map(({ cycleIndex }) => cycleIndex)]));
}

/**
 * Refuses channels that an import would leave with images of several cycles, of which layers hide all but the last: names were found before
 * another process imported, or without the experiment.
 *
 * @throws {VitrineError} exists: names the channel and its cycles
 */
export async function requireOwnChannels(query: Query, names: readonly string[]): Promise<void> {
  const cyclesOf = await readChannelCycles(query);
  for (const name of names) {
    const cycles = cyclesOf.get(name) ?? [];
    if (cycles.length < 2) continue;
    throw new VitrineError({
      code: "exists",
      at: `channel ${name}`,
      expected: "images of one cycle",
      found: `those of cycles ${cycles.join(", ")}`,
      hint: "Import again, which finds names anew (in a program: plan with the experiment), or put the cycles into one channel: --channel-names as-found",
    });
  }
}
