import type { OpticsParameters } from "../../optics/index.ts";
import type { MatchOptics } from "./config.ts";

/** What a contrast transfer function is made of: without what is the search's own. */
export function opticsOfCtf(optics: OpticsParameters & Partial<MatchOptics>): OpticsParameters {
  const { label: _label, pixelSizeA: _pixel, mtfFile: _file, ...own } = optics;
  return own;
}
