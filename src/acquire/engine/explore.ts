import { type Axes, VitrineError } from "../../core/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import { lazyIterable } from "../events/lazyIterable.ts";
import { parsePlan } from "../events/parsePlan.ts";
import type { MicroscopeCore } from "../microscope.ts";
import type { MicroscopeFacts, WantedTile } from "../view/view.ts";

/** The axis that counts tiles a person asked for, and the one that counts plans. */
const [AXIS, PLAN_AXIS] = ["explored", "plan"];
/** Events of a plan from the page at most. */
const MOST_EVENTS = 1_000_000;

/**
 * Events like those of the last round, one a channel, at other places of the stage. Their axes have one more, `explored`.
 *
 * @param last   the last event of each channel
 * @param first  number of the first tile
 * @throws {VitrineError} unsupported: there was no event yet
 */
export function explored(
  last: readonly AcquisitionEvent[],
  tiles: readonly WantedTile[],
  first: number,
): AcquisitionEvent[] {
  if (last.length === 0)
    throw new VitrineError({
      code: "unsupported",
      at: "acquisition.view()",
      expected: "an event whose channel and exposure the tiles get",
      found: "none so far",
    });
  return tiles.flatMap(({ xUm, yUm }, i) =>
    last.map(({ min_start_time: _start, ...event }) => ({
      ...event,
      axes: { ...event.axes, [AXIS]: first + i + 1 },
      x: xUm,
      y: yUm,
    })),
  );
}

/**
 * The events of a plan that comes while others run. Their axes have one more, `plan`, so that its images take no other's place, and what
 * names places on an axis is text where it was text before, and a number where it was one: a dataset takes no other.
 *
 * @param number  of the plan, from 1
 * @param last    the last event of each channel before it
 * @throws {VitrineError} what `parsePlan` throws; range: more events than a page may add
 */
export function plannedLater(
  plan: unknown,
  {
    fieldUm,
    number,
    last,
  }: Pick<MicroscopeFacts, "fieldUm"> & {
    readonly number: number;
    readonly last: readonly AcquisitionEvent[];
  },
): { readonly events: Iterable<AcquisitionEvent>; readonly count: number } {
  const events = parsePlan(plan, "plan", fieldUm === null ? {} : { fieldUm });
  let count = 0;
  for (const _ of events) {
    if (++count <= MOST_EVENTS) continue;
    const expected = `at most ${MOST_EVENTS} events`;
    throw new VitrineError({ code: "range", at: "plan", expected, found: "more" });
  }
  const kinds = new Map(
    last.flatMap(({ axes }) => Object.entries(axes).map(([axis, value]) => [axis, typeof value])),
  );
  const placed = lazyIterable(function* () {
    const numbers = new Map<string, Map<number | string, number>>();
    for (const event of events)
      yield { ...event, axes: { ...axesLike(event, kinds, numbers), [PLAN_AXIS]: number } };
  });
  return { events: placed, count };
}

/** A channel is called by its preset, other places by their numbers; names that have to be numbers get them in their order. */
function axesLike(
  { axes, config_group: preset }: AcquisitionEvent,
  kinds: ReadonlyMap<string, string>,
  numbers: Map<string, Map<number | string, number>>,
): Axes {
  const like = ([axis, value]: [string, number | string]): [string, number | string] => {
    const kind = kinds.get(axis) ?? typeof value;
    if (kind === typeof value) return [axis, value];
    if (kind === "string") return [axis, axis === "channel" ? (preset?.[1] ?? String(value)) : String(value)];
    const known = numbers.get(axis) ?? new Map<number | string, number>();
    numbers.set(axis, known);
    if (!known.has(value)) known.set(value, known.size);
    return [axis, known.get(value)!];
  };
  return Object.fromEntries(Object.entries(axes).map(like));
}

/** What plans for a microscope may name. @throws whatever a device answers */
export async function microscopeFacts(core: MicroscopeCore): Promise<MicroscopeFacts> {
  const groups = [];
  for (const name of await core.getAvailableConfigGroups())
    groups.push({ name, presets: await core.getAvailableConfigs(name) });
  const pixelSizeUm = await core.getPixelSizeUm();
  const [width, height] = [await core.getImageWidth(), await core.getImageHeight()];
  const fieldUm = pixelSizeUm > 0 ? ([pixelSizeUm * width, pixelSizeUm * height] as const) : null;
  return { groups, fieldUm };
}
