import { VitrineError } from "../../core/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { WantedTile } from "../view/view.ts";

/** The axis that counts tiles a person asked for. */
const AXIS = "explored";

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
