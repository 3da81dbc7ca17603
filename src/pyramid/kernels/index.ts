export type { ShiftBox } from "./correlationPeak.ts";
export type { WindowMatch, WindowsPlan, WindowsSize, WindowsTypes } from "./registrationPlan.ts";
export { createWindows, windowsPlan } from "./registrationPlan.ts";
export type { TilesSize } from "./tileLayout.ts";
export type { EncodedTile, TilesPlan, TilesTypes } from "./tilesPlan.ts";
export { createTiles, tilesPlan } from "./tilesPlan.ts";
