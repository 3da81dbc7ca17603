export type { Clock } from "./clock.ts";
export { createSimulatedClock, systemClock } from "./clock.ts";
export type { AcquisitionEvent } from "./events/event.ts";
export type { Frame } from "./frames/frame.ts";
export type { ConfigSetting, Exposure, ExposureRequest, Microscope, MicroscopeCore } from "./microscope.ts";
