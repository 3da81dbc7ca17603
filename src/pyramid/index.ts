export type {
  AlignOptions,
  AlignReport,
  ChannelIllumination,
  CollectedLayer,
  CollectReport,
  IlluminationOptions,
  InitReport,
  RunJobOptions,
} from "#pyramid-builder";
export { alignExperiment, computeIllumination, PyramidBuilder } from "#pyramid-builder";
export { blackTile } from "./archive/blackTile.ts";
export { layerSource, openLayerImages } from "./archive/layerImages.ts";
export type { LayerMetadata } from "./archive/merge.ts";
export type { LayerArchive } from "./archive/read.ts";
export { openLayerArchive } from "./archive/read.ts";
export type { Blending, ComposeOptions, MapPixels } from "./blending/compose.ts";
export { composeBlock } from "./blending/compose.ts";
export type { Resampling } from "./blending/resample.ts";
export type { ShownRange } from "./deepZoom/range.ts";
export type { DeepZoomOptions, DeepZoomReport } from "./deepZoom/write.ts";
export { writeDeepZoom } from "./deepZoom/write.ts";
export type { Residues } from "./geometry/alignment.ts";
export { alignedWindow, residuesOf } from "./geometry/alignment.ts";
export type {
  ChannelLayerTile,
  MapBox,
  PixelOffset,
  PixelSize,
  PyramidLevel,
  TileSpan,
} from "./geometry/levels.ts";
export { childTiles, pyramidLevels, TILE_SIZE, tileBox, tileSpans } from "./geometry/levels.ts";
export type {
  MapSpacing,
  PlacedImage,
  PlateMap,
  PlateWells,
  Ring,
  SiteCell,
  WellSites,
} from "./geometry/map.ts";
export { outlineOf, placePlates } from "./geometry/map.ts";
export type { PlacedPixels, TouchedTile } from "./geometry/paste.ts";
export { emptyTile, pastePixels, touchedTiles } from "./geometry/paste.ts";
export { basicModel } from "./illumination/basic.ts";
export type { CorrectionTable } from "./illumination/correctionTable.ts";
export { correctionTable } from "./illumination/correctionTable.ts";
export type { IlluminationFiles, ReadIllumination } from "./illumination/files.ts";
export { readDark, readIlluminationFiles } from "./illumination/files.ts";
export type {
  FlatFieldModel,
  FlatFieldOptions,
  IlluminationModel,
  ZscoreModel,
} from "./illumination/models.ts";
export { correctedValues, correctIllumination, medianModel, zscoreModel } from "./illumination/models.ts";
export type { ClipOptions, IntensityRange } from "./illumination/scaling.ts";
export { clipRange, scaleTable } from "./illumination/scaling.ts";
export type { IlluminationStatistics } from "./illumination/statistics.ts";
export {
  addImage,
  emptyStatistics,
  mergeStatistics,
  oddImages,
  percentileOf,
} from "./illumination/statistics.ts";
export type {
  CorrectionKind,
  EncodedTile,
  PlaceWork,
  RoomWork,
  SiteRooms,
  TilesPlan,
  TilesSize,
  TilesTypes,
  TilesUses,
} from "./kernels/index.ts";
export { createSiteRooms, createTiles, tilesPlan } from "./kernels/index.ts";
export { drawPlate } from "./picture/drawPlate.ts";
export type { PlatePicture, PlatePictureOptions } from "./picture/options.ts";
export type { CycleRegistration, CycleShift, CycleSites, CycleVerdict } from "./registration/cycles.ts";
export { registerCycle } from "./registration/cycles.ts";
export type { NominalSite } from "./registration/edges.ts";
export type { RegisterOptions, RegisterReport, RegisterRun } from "./registration/experiment.ts";
export { registerExperiment } from "./registration/experiment.ts";
export type { DarkImage, RegistrationImage } from "./registration/image.ts";
export type { MosaicSites } from "./registration/measure.ts";
export type {
  EdgeVerdict,
  MosaicRegistration,
  RegisteredEdge,
  RegisteredSite,
} from "./registration/mosaic.ts";
export { registerMosaic } from "./registration/mosaic.ts";
export type { PairShift, RegistrationOptions } from "./registration/pair.ts";
export { alignCycles, registerPair } from "./registration/pair.ts";
export type { StageModel } from "./registration/stage.ts";
export type { ReadSiteOptions, SiteCorrection, SiteCorrections } from "./site/readSite.ts";
export { readSiteImage, SITE_CORRECTIONS, siteCorrections } from "./site/readSite.ts";
export type {
  IlluminatiBatchInput,
  IlluminatiBatchOptions,
  IlluminatiSubmissionInput,
  IlluminatiSubmissionOptions,
} from "./step/arguments.ts";
export {
  BLENDINGS,
  CLIP_PERCENT,
  durationSeconds,
  ILLUMCORR_MODELS,
  IlluminatiBatchArguments,
  IlluminatiSubmissionArguments,
  MISSING_SITES,
  RESAMPLINGS,
} from "./step/arguments.ts";
export type { CollectBatch, MultiRunPhase, RunBatch, RunJob, RunPhase } from "./step/phases.ts";
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
export type { BatchImage, BatchLayer, ReducedBatch, SitesBatch, TilesBatch } from "./tiles/batch.ts";
