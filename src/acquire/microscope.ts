import type { OptionKeys } from "../core/index.ts";
import type { Frame } from "./frames/frame.ts";

/** A preset's single step: a property of a device and its value. */
export type ConfigSetting = readonly [device: string, property: string, value: string];

/** Nothing, or the label of a device in place of the current one. */
export type OptionalLabel = readonly [] | readonly [label: string];

/** Values of a call, after the label of a device where that is not the current one. */
export type AfterLabel<Values extends readonly unknown[]> =
  | readonly [...Values]
  | readonly [label: string, ...Values];

/**
 * The devices of a microscope: MMCore's methods of the same names in camelCase. Positions are µm, exposures ms. Every method
 * rejects with `VitrineError` `device` where the device refused and `missing` where a label or property is not there.
 */
export interface MicroscopeCore {
  getLoadedDevices(): Promise<readonly string[]>;
  getDevicePropertyNames(device: string): Promise<readonly string[]>;
  hasProperty(device: string, property: string): Promise<boolean>;
  getProperty(device: string, property: string): Promise<string>;
  setProperty(device: string, property: string, value: string | number | boolean): Promise<void>;
  getAvailableConfigGroups(): Promise<readonly string[]>;
  getAvailableConfigs(group: string): Promise<readonly string[]>;
  getConfigData(group: string, preset: string): Promise<readonly ConfigSetting[]>;
  getCurrentConfig(group: string): Promise<string>;
  /** Sets and waits for the devices. */
  setConfig(group: string, preset: string): Promise<void>;
  waitForDevice(device: string): Promise<void>;

  /** Labels; empty where the microscope has no such device. */
  getCameraDevice(): Promise<string>;
  getFocusDevice(): Promise<string>;
  getXYStageDevice(): Promise<string>;
  getAutoFocusDevice(): Promise<string>;
  getSLMDevice(): Promise<string>;
  setCameraDevice(label: string): Promise<void>;

  getExposure(): Promise<number>;
  setExposure(ms: number): Promise<void>;
  /** Of a stage, or of the focus drive. */
  getPosition(...stage: readonly [] | readonly [string]): Promise<number>;
  /** Moves a stage, or the focus drive. */
  setPosition(...target: readonly [um: number] | readonly [stage: string, um: number]): Promise<void>;
  getXYPosition(): Promise<readonly [xUm: number, yUm: number]>;
  setXYPosition(xUm: number, yUm: number): Promise<void>;
  setAutoShutter(on: boolean): Promise<void>;
  setShutterOpen(open: boolean): Promise<void>;
  setROI(x: number, y: number, width: number, height: number): Promise<void>;
  clearROI(): Promise<void>;
  setSLMImage(device: string, pixels: Uint8Array): Promise<void>;
  displaySLMImage(device: string): Promise<void>;
  setAutoFocusOffset(offset: number): Promise<void>;
  /** Runs the autofocus and waits for it. */
  fullFocus(): Promise<void>;

  getImageWidth(): Promise<number>;
  getImageHeight(): Promise<number>;
  getImageBitDepth(): Promise<number>;
  getNumberOfCameraChannels(): Promise<number>;
  /** µm per pixel in the specimen; 0 where unknown. */
  getPixelSizeUm(): Promise<number>;
  /** Pixels to stage, row-major 2 x 3: xUm = a[0] * col + a[1] * row + a[2]; all 0 where unknown. */
  getPixelSizeAffine(): Promise<readonly number[]>;

  /** How many values the device can play by itself, triggered by the camera; 0: none. */
  getExposureSequenceMaxLength(camera: string): Promise<number>;
  getStageSequenceMaxLength(stage: string): Promise<number>;
  getXYStageSequenceMaxLength(stage: string): Promise<number>;
  getPropertySequenceMaxLength(device: string, property: string): Promise<number>;
  loadExposureSequence(camera: string, ms: readonly number[]): Promise<void>;
  loadStageSequence(stage: string, um: readonly number[]): Promise<void>;
  loadXYStageSequence(stage: string, xUm: readonly number[], yUm: readonly number[]): Promise<void>;
  loadPropertySequence(device: string, property: string, values: readonly string[]): Promise<void>;
  startExposureSequence(camera: string): Promise<void>;
  startStageSequence(stage: string): Promise<void>;
  startXYStageSequence(stage: string): Promise<void>;
  startPropertySequence(device: string, property: string): Promise<void>;
  stopExposureSequence(camera: string): Promise<void>;
  stopStageSequence(stage: string): Promise<void>;
  stopXYStageSequence(stage: string): Promise<void>;
  stopPropertySequence(device: string, property: string): Promise<void>;
}

/** What to expose. */
export interface ExposureRequest {
  /** 1: a snap. More: the camera runs by itself and triggers the sequences that were started. */
  readonly frames: number;
  /** Time between frames of a sequence, ms; 0: as fast as the camera and the ring allow. */
  readonly intervalMs?: number;
  /** Camera labels; the current camera if left out. Each gives `frames` frames. */
  readonly cameras?: readonly string[];
  /** Ends the exposure: the camera is stopped and `frames` ends. */
  readonly signal?: AbortSignal;
}

/** Keys of {@link ExposureRequest}. */
export const REQUEST_KEYS: OptionKeys<ExposureRequest> = {
  frames: true,
  intervalMs: true,
  cameras: true,
  signal: true,
};

/** A running exposure: the camera was started before it was handed out. */
export interface Exposure {
  /**
   * The frames in the order in which they arrived; whoever takes one releases it. Ends after the last.
   *
   * @throws {VitrineError} device: the camera failed, or its buffer overflowed
   */
  readonly frames: AsyncIterable<Frame>;
  /** Frames that the camera made and nobody could take, so far. */
  readonly dropped: number;
  /** Stops the camera; frames that were made already are still given. */
  stop(): Promise<void>;
}

/** A microscope: devices and frames. Whoever opened it closes it. */
export interface Microscope extends AsyncDisposable {
  readonly name: string;
  readonly core: MicroscopeCore;
  /** Starts the camera; for a snap, resolves when the exposure has ended. */
  startExposure(request: ExposureRequest): Promise<Exposure>;
  close(): Promise<void>;
}
