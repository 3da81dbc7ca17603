/** What an image is compared with, and how, as the address keeps it. */
import type { ShownChannel } from "../core/channels.ts";
import { formatChannels, parseChannels } from "../core/channels.ts";

/** Side by side; parted by a line; through a lens at the pointer. */
export type CompareMode = "side" | "split" | "lens";

/** The other image. */
export interface Comparison {
  readonly mode: CompareMode;
  /** Where the line is, or how large the lens: 0 to 1. */
  readonly part: number;
  /** Address of the other image; default the same. */
  readonly at?: string;
  readonly image?: string;
  /** Empty until it is open. */
  readonly channels: readonly ShownChannel[];
}

/** As the address has it. */
export function formatComparison(compare: Comparison | undefined): string {
  if (compare === undefined) return "";
  const { mode, part, at, image, channels } = compare;
  const values = { mode, part: part.toFixed(3), at, image, channels: formatChannels(channels) };
  const given = Object.entries(values).flatMap(([key, value]) => (value ? [[key, value]] : []));
  return new URLSearchParams(given).toString();
}

/** What an address says; undefined: nothing is compared. */
export function parseComparison(text: string): Comparison | undefined {
  const values = new URLSearchParams(text);
  const mode = values.get("mode");
  if (mode !== "side" && mode !== "split" && mode !== "lens") return undefined;
  const part = Number(values.get("part") ?? 0.5);
  const [at, image] = [values.get("at"), values.get("image")];
  return {
    mode,
    part: part >= 0 && part <= 1 ? part : 0.5,
    ...(at && { at }),
    ...(image && { image }),
    channels: parseChannels(values.get("channels") ?? ""),
  };
}
