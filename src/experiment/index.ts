export { renameChannel } from "./channels.ts";
export type {
  ChannelContent,
  CycleContent,
  ExperimentContent,
  ImageContent,
  PlateContent,
  SiteContent,
  WholeContent,
} from "./content.ts";
export { addContent, readContent } from "./content.ts";
export type {
  ChannelLayerTable,
  ChannelTable,
  CycleTable,
  ExperimentTable,
  FeatureTable,
  FeatureValueTable,
  ImageFileTable,
  MapobjectSegmentationTable,
  MapobjectTable,
  MapobjectTypeTable,
  PlateTable,
  SegmentationLayerTable,
  SiteShiftTable,
  SiteTable,
  Tables,
  WellTable,
} from "./database/tables.ts";
export type { ExperimentSummary, PlateSummary, WellSummary } from "./describe.ts";
export { describeExperiment } from "./describe.ts";
export type {
  CreateExperimentOptions,
  ExperimentSettings,
  OpenExperimentOptions,
  Query,
} from "./experiment.ts";
export { createExperiment, Experiment, openExperiment } from "./experiment.ts";
export type {
  ClusterOptions,
  MapobjectClusters,
  PredictedClasses,
  PredictOptions,
} from "./groups/groups.ts";
export { clusterMapobjects, predictClasses } from "./groups/groups.ts";
export type { MatrixOf } from "./groups/matrix.ts";
export type { ChannelNames } from "./import/channelNames.ts";
export { CHANNEL_NAMES } from "./import/channelNames.ts";
export type { ImportPlan, PlanImportOptions } from "./import/plan.ts";
export { planImport } from "./import/plan.ts";
export type { ImportOptions, ImportReport } from "./import/run.ts";
export { importImages } from "./import/run.ts";
export type { SiteLayout } from "./import/sites.ts";
export type { AddMapobjectsOptions, AddMapobjectsReport } from "./objects/add.ts";
export { addMapobjects } from "./objects/add.ts";
export type { BlockFeature, MapobjectBlock, MapobjectDetail } from "./objects/block.ts";
export { blockFeatures, decodeMapobjects, encodeMapobjects } from "./objects/block.ts";
export type { BrokenOutlines, OutlinePlacement } from "./objects/checkOutlines.ts";
export type { ColumnsOf, FeatureColumn, MapobjectClass, MapobjectColumns } from "./objects/columns.ts";
export { readFeatureColumn, readMapobjectColumns } from "./objects/columns.ts";
export type { EditMapobjectsOptions, MapobjectEditReport } from "./objects/edit.ts";
export { editMapobjects } from "./objects/edit.ts";
export type { ClassAssignment, MapobjectEdit, NumberedMapobject } from "./objects/editSchema.ts";
export type { ExportReport } from "./objects/files/exportReport.ts";
export type { MapobjectBytesFormat, MapobjectFile } from "./objects/files/formats.ts";
export { exportMapobjects, importMapobjects, mapobjectFileBytes } from "./objects/files/formats.ts";
export type { ExportGeojsonOptions } from "./objects/files/geojson.ts";
export { exportGeojson, featureOf, importGeojson } from "./objects/files/geojson.ts";
export { importLabelPoints } from "./objects/files/labelPoints.ts";
export type { ImportLabelsOptions } from "./objects/files/labelsIn.ts";
export { importLabels } from "./objects/files/labelsIn.ts";
export type { ExportLabelsOptions, ExportLabelsReport } from "./objects/files/labelsOut.ts";
export { exportLabels } from "./objects/files/labelsOut.ts";
export { importLabelFeatures, importTable } from "./objects/files/tableIn.ts";
export type { ExportTableOptions } from "./objects/files/tableOut.ts";
export { exportTable } from "./objects/files/tableOut.ts";
export type { MapWindow } from "./objects/fill.ts";
export type { MapobjectGeometry, MapPosition } from "./objects/geometry.ts";
export type {
  Mapobject,
  MapobjectFeatureValues,
  MapobjectSegmentation,
  MapobjectTraits,
  NewFeatureValues,
  NewMapobject,
  NewSegmentation,
} from "./objects/mapobject.ts";
export type { MapPart } from "./objects/partWindow.ts";
export { siteIdOfPart, windowOfPart } from "./objects/partWindow.ts";
export type { MapobjectQuery } from "./objects/query.ts";
export { queryMapobjects } from "./objects/query.ts";
export type { ReadMapobjectsOptions } from "./objects/read.ts";
export { readMapobjects } from "./objects/read.ts";
export type { Comparison, FeatureCondition, MapobjectSelection } from "./objects/select.ts";
export { selectMapobjects } from "./objects/select.ts";
export type { PlacedBox, StaticMap, StaticType } from "./objects/static.ts";
export { createStaticMapobjects, deleteStaticMapobjects } from "./objects/static.ts";
export type { MapobjectLayer, MapobjectType } from "./objects/types.ts";
export {
  createMapobjectType,
  deleteMapobjectType,
  listMapobjectTypes,
  renameMapobjectType,
} from "./objects/types.ts";
export { databaseKindOf } from "./place.ts";
