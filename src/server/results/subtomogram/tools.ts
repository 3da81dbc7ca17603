import type { OpenImages } from "../../images/openImages.ts";
import type { Roots } from "../../roots.ts";
import type { RequestPool } from "../pool.ts";

/** What routes of molecules stand on. */
export interface SubtomogramTools {
  readonly roots: Roots;
  readonly images: OpenImages;
  readonly pool: RequestPool;
}
