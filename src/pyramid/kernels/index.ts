export type { TilesSize } from "./tileLayout.ts";
export type { EncodedTile, TilesPlan, TilesTypes } from "./tilesPlan.ts";
export { createTiles, tilesPlan } from "./tilesPlan.ts";
