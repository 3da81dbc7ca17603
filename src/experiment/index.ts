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
export type { ImportPlan, PlanImportOptions } from "./import/plan.ts";
export { planImport } from "./import/plan.ts";
export type { ImportOptions, ImportReport } from "./import/run.ts";
export { importImages } from "./import/run.ts";
export type { SiteLayout } from "./import/sites.ts";
export type { PlacedBox, StaticMap, StaticType } from "./objects/static.ts";
export { createStaticMapobjects, deleteStaticMapobjects } from "./objects/static.ts";
