export type { EncodedTile, TilesPlan, TilesSize, TilesTypes } from "./kernels/index.ts";
export { createTiles, tilesPlan } from "./kernels/index.ts";
export type {
  GridCoordinate,
  GridCounting,
  StitchDimensions,
  StitchMajorAxis,
} from "./stitching/dimensions.ts";
export { guessStitchDimensions } from "./stitching/dimensions.ts";
export type { StagePosition } from "./stitching/lattice.ts";
export type { StitchLayout } from "./stitching/layout.ts";
export { calcGridCoordinatesFromLayout, STITCH_LAYOUTS } from "./stitching/layout.ts";
export type { PositionOptions, StageDirections } from "./stitching/positions.ts";
export {
  calcGridCoordinatesFromPositions,
  calcStitchDimensions,
  calcStitchLayout,
} from "./stitching/positions.ts";
