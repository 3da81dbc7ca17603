import type { ConfigSetting, MicroscopeCore } from "./microscope.ts";
import type { SequenceCore } from "./sequences.ts";
import type { SnapCore } from "./snapping.ts";

/** Nothing, or the label of a device in place of the current one. */
export type OptionalLabel = readonly [] | readonly [label: string];

/** Values of a call, after the label of a device where that is not the current one. */
export type AfterLabel<Values extends readonly unknown[]> =
  | readonly [...Values]
  | readonly [label: string, ...Values];

/**
 * What scripts call of MMCore, by its names in camelCase: the devices of {@link MicroscopeCore}, images one at a time
 * ({@link SnapCore}) and by the camera's own sequences ({@link SequenceCore}). Positions are µm, exposures ms. A label may be left
 * out where MMCore has a current device. A name that there is not, of a method, device, property or preset, is an error with the nearest.
 */
export interface ScriptCore extends MicroscopeCore, SnapCore, SequenceCore {
  /** What holds the devices, and its version. */
  getVersionInfo(): Promise<string>;
  /** Waits, by the microscope's clock. */
  sleep(ms: number): Promise<void>;

  getXYPosition(...stage: OptionalLabel): Promise<readonly [xUm: number, yUm: number]>;
  getXPosition(...stage: OptionalLabel): Promise<number>;
  getYPosition(...stage: OptionalLabel): Promise<number>;
  setXYPosition(...target: AfterLabel<[xUm: number, yUm: number]>): Promise<void>;
  /** Moves a stage, or the focus drive, from where it is now. */
  setRelativePosition(...move: AfterLabel<[um: number]>): Promise<void>;
  /** Moves the stage from where it is now. */
  setRelativeXYPosition(...move: AfterLabel<[xUm: number, yUm: number]>): Promise<void>;
  setFocusDevice(label: string): Promise<void>;
  setXYStageDevice(label: string): Promise<void>;

  /** Whether a device still moves. */
  deviceBusy(label: string): Promise<boolean>;
  /** Whether any device does. */
  systemBusy(): Promise<boolean>;
  /** Waits for all devices. */
  waitForSystem(): Promise<void>;
  /** Waits for the devices of a preset. */
  waitForConfig(group: string, preset: string): Promise<void>;

  getShutterDevice(): Promise<string>;
  setShutterDevice(label: string): Promise<void>;
  getShutterOpen(...shutter: OptionalLabel): Promise<boolean>;
  setShutterOpen(...state: AfterLabel<[open: boolean]>): Promise<void>;
  getAutoShutter(): Promise<boolean>;

  getExposure(...camera: OptionalLabel): Promise<number>;
  setExposure(...exposure: AfterLabel<[ms: number]>): Promise<void>;
  /** The part of the image that the camera keeps, in binned pixels: x, y, width, height. */
  getROI(...camera: OptionalLabel): Promise<readonly [x: number, y: number, width: number, height: number]>;
  setROI(...roi: AfterLabel<[x: number, y: number, width: number, height: number]>): Promise<void>;
  /** Of one pixel with all its components. */
  getBytesPerPixel(): Promise<number>;
  /** 1, or 4 of a colour camera (RGB32, of which images have red, green and blue). */
  getNumberOfComponents(): Promise<number>;
  /** Bytes of an image as the camera gives it. */
  getImageBufferSize(): Promise<number>;

  isGroupDefined(group: string): Promise<boolean>;
  isConfigDefined(group: string, preset: string): Promise<boolean>;
  /** The properties of a group's presets and what they are now. */
  getConfigGroupState(group: string): Promise<readonly ConfigSetting[]>;
  /** The group that programs offer as channels; empty where there is none. */
  getChannelGroup(): Promise<string>;

  /** The values that a property takes; empty where it takes any. */
  getAllowedPropertyValues(device: string, property: string): Promise<readonly string[]>;
  isPropertyReadOnly(device: string, property: string): Promise<boolean>;
  hasPropertyLimits(device: string, property: string): Promise<boolean>;
  /** The least value; 0 where there are no limits. */
  getPropertyLowerLimit(device: string, property: string): Promise<number>;
  /** The greatest value; 0 where there are no limits. */
  getPropertyUpperLimit(device: string, property: string): Promise<number>;

  /** Of a wheel or turret: its position by number, from 0. */
  getState(device: string): Promise<number>;
  setState(device: string, state: number): Promise<void>;
  getStateLabel(device: string): Promise<string>;
  setStateLabel(device: string, label: string): Promise<void>;
  getStateLabels(device: string): Promise<readonly string[]>;
  getNumberOfStates(device: string): Promise<number>;
}

/** What {@link ScriptCore} has besides what it is made of. */
export type ScriptMethods = Omit<ScriptCore, keyof MicroscopeCore | keyof SnapCore | keyof SequenceCore>;
