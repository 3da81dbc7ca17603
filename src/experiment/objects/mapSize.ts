import type { Query } from "../experiment.ts";
import type { MapSize } from "./checkOutlines.ts";

/** The extent of the map: that of its layers; not known before there are any. */
export async function mapSizeOf(query: Query): Promise<MapSize | undefined> {
  const { height, width } = await query
    .selectFrom("channelLayers")
    .select((of) => [of.fn.max("height").as("height"), of.fn.max("width").as("width")])
    .executeTakeFirstOrThrow();
  return height === null || width === null ? undefined : { height, width };
}
