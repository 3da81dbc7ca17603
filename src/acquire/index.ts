export { openMMCoreMicroscope, openPythonProcessor } from "#mmcore";
export type { Clock } from "./clock.ts";
export { createSimulatedClock } from "./clock.ts";
export { type DemoMicroscope, openDemoMicroscope } from "./demo/demoMicroscope.ts";
export type { DemoMicroscopeOptions } from "./demo/options.ts";
export type { PlantedImage } from "./demo/planted.ts";
export type { StageWindow } from "./demo/plantedCells.ts";
export { plantedCells } from "./demo/plantedCells.ts";
export type { RenderRequest, Specimen } from "./demo/specimen.ts";
export { checkStamp } from "./demo/stamp.ts";
export { Acquisition, type SavingAcquisition } from "./engine/acquisition.ts";
export type { EventQueue, EventSource } from "./engine/eventQueue.ts";
export type { AcquisitionFuture, SavedImage } from "./engine/future.ts";
export {
  type AcquisitionHook,
  type AcquisitionHooks,
  type EventOrSequence,
  eachEvent,
} from "./engine/hooks.ts";
export type { HookReport } from "./engine/hookTally.ts";
export type { ImageMetadata } from "./engine/metadata.ts";
export type { AcquisitionNotification, Milestone } from "./engine/notification.ts";
export type { AcquisitionOptions, SavingOptions } from "./engine/options.ts";
export type { StageReport } from "./engine/report.ts";
export type { ImageSaved } from "./engine/saving.ts";
export type { LiveImage, Subscription } from "./engine/subscription.ts";
export type { AcquisitionEvent } from "./events/event.ts";
export type { MultiDParams } from "./events/multiD.ts";
export { multiDAcquisitionEvents } from "./events/multiD.ts";
export { parsePlan } from "./events/parsePlan.ts";
export type { PlanPosition } from "./events/planPositions.ts";
export { expandUseq, useqSizes } from "./events/useq/expand.ts";
export type { UseqEvent } from "./events/useq/useqEvent.ts";
export { fromUseq } from "./events/useq/useqEvent.ts";
export type { Frame } from "./frames/frame.ts";
export type {
  AfterLabel,
  Exposure,
  ExposureRequest,
  Microscope,
  MicroscopeCore,
  OptionalLabel,
} from "./microscope.ts";
export type { MMCoreCore } from "./mmcore/core.ts";
export type { MMCoreMicroscope } from "./mmcore/mmcore.ts";
export type { OpenPythonProcessor, PythonProcessorOptions } from "./mmcore/pythonProcessor.ts";
export { type PositionListOptions, readPositionList } from "./positions.ts";
export type { ImageAndMetadata, ImageProcessor, ProcessorResult } from "./processors/processor.ts";
export type { PlanReport } from "./program.ts";
export { runPlan } from "./program.ts";
export type { ScriptCore } from "./scriptCore.ts";
export type { SequenceCore } from "./sequences.ts";
export type { SnapCore, TaggedImage } from "./snapping.ts";
export type {
  AcquisitionView,
  FromView,
  LiveFrame,
  LiveState,
  MicroscopeFacts,
  ToView,
  ViewOptions,
  WantedTile,
} from "./view/view.ts";
