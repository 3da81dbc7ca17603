import type { OpenImages } from "../../images/openImages.ts";
import type { Roots } from "../../roots.ts";
import type { OpenSearches } from "./openSearches.ts";

/** What routes of searches stand on. */
export interface MatchTools {
  readonly roots: Roots;
  readonly images: OpenImages;
  readonly searches: OpenSearches;
}
