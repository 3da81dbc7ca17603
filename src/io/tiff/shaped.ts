import { z } from "zod";

/** What tifffile writes of an array into the description of its first page. */
const schema = z.looseObject({
  shape: z.array(z.int().min(1)).min(1).max(16),
  axes: z.string().optional(),
  /** One page stands for all planes. */
  truncated: z.boolean().optional(),
});

/** An array as tifffile tells of it: `{"shape": [3, 2, 64, 64], "axes": "ZCYX"}`. */
export type ShapedArray = z.infer<typeof schema>;

/**
 * Reads tifffile's description; undefined for that of any other program.
 *
 * Source: tifffile, json_description and TiffFile._series_shaped.
 */
export function parseShaped(description: string): ShapedArray | undefined {
  if (!/^\{.*"shape": ?\[/s.test(description)) return undefined;
  try {
    return schema.safeParse(JSON.parse(description)).data;
  } catch {
    // a description of somebody else that only looks like one
    return undefined;
  }
}

/** Values of an array, all planes together. */
export function valuesOf({ shape }: ShapedArray): number {
  return shape.reduce((all, side) => all * side, 1);
}
