import { VitrineError } from "../../core/index.ts";
import type { JsonValue } from "../../io/index.ts";
import { systemClock } from "../clock.ts";
import type { ConfigSetting } from "../microscope.ts";
import type { AfterLabel, OptionalLabel, ScriptCore } from "../scriptCore.ts";
import type { SequenceCore } from "../sequences.ts";
import type { SnapCore } from "../snapping.ts";

/** MMCore's methods: those of every microscope, and any other by its name. */
export interface MMCoreCore extends ScriptCore {
  /**
   * Calls a method of `CMMCore` as pymmcore has it. Tuples come as lists, a `Configuration` as a list of
   * [device, property, value].
   *
   * @throws {VitrineError} missing: no such method, device, property, group or preset; type: other arguments than it takes, or a
   *   result that JSON cannot hold; device: MMCore refused; timeout
   * @example
   * const library = await microscope.core.call("getDeviceLibrary", "Camera");
   */
  call(method: string, ...args: readonly JsonValue[]): Promise<JsonValue>;
}

/** Sends one command and gives its result. */
export type Command = (
  kind: "call" | "command",
  method: string,
  args: readonly JsonValue[],
) => Promise<JsonValue>;

/** The methods of {@link MMCoreCore}, each one request to the child. */
export function createCore(command: Command): Omit<MMCoreCore, keyof SnapCore | keyof SequenceCore> {
  /** A method whose result a guard has checked. */
  const get =
    <A extends readonly JsonValue[], T>(method: string, guard: (value: JsonValue, at: string) => T) =>
    async (...args: A): Promise<T> =>
      guard(await command("command", method, args), method);
  const text = <A extends readonly string[] = []>(method: string) => get<A, string>(method, asText);
  const number = <A extends readonly string[] = []>(method: string) => get<A, number>(method, asNumber);
  const texts = <A extends readonly string[] = []>(method: string) =>
    get<A, readonly string[]>(method, listOf(asText));
  const truth = <A extends readonly string[] = []>(method: string) => get<A, boolean>(method, asBoolean);
  const act = <A extends readonly JsonValue[] = []>(method: string) => get<A, void>(method, nothing);

  return {
    call: (method, ...args) => command("call", method, args),
    getLoadedDevices: texts("getLoadedDevices"),
    getDevicePropertyNames: texts<[string]>("getDevicePropertyNames"),
    hasProperty: truth<[string, string]>("hasProperty"),
    getProperty: text<[string, string]>("getProperty"),
    setProperty: async (device, property, value) => {
      // MMCore's properties are text; its booleans are 0 and 1
      const written = typeof value === "boolean" ? String(Number(value)) : String(value);
      await command("command", "setProperty", [device, property, written]);
    },
    getAvailableConfigGroups: texts("getAvailableConfigGroups"),
    getAvailableConfigs: texts<[string]>("getAvailableConfigs"),
    getConfigData: get<[string, string], readonly ConfigSetting[]>("getConfigData", listOf(asSetting)),
    getCurrentConfig: text<[string]>("getCurrentConfig"),
    setConfig: act<[string, string]>("setConfig"),
    waitForDevice: act<[string]>("waitForDevice"),
    getCameraDevice: text("getCameraDevice"),
    getFocusDevice: text("getFocusDevice"),
    getXYStageDevice: text("getXYStageDevice"),
    getAutoFocusDevice: text("getAutoFocusDevice"),
    getSLMDevice: text("getSLMDevice"),
    setCameraDevice: act<[string]>("setCameraDevice"),
    getExposure: number<OptionalLabel>("getExposure"),
    setExposure: act<AfterLabel<[number]>>("setExposure"),
    getPosition: number<[] | [string]>("getPosition"),
    setPosition: act<readonly [number] | readonly [string, number]>("setPosition"),
    getXYPosition: get<OptionalLabel, readonly [number, number]>("getXYPosition", asPair),
    setXYPosition: act<AfterLabel<[number, number]>>("setXYPosition"),
    setAutoShutter: act<[boolean]>("setAutoShutter"),
    setShutterOpen: act<AfterLabel<[boolean]>>("setShutterOpen"),
    setROI: act<AfterLabel<[number, number, number, number]>>("setROI"),
    clearROI: act("clearROI"),
    setSLMImage: async (device, pixels) => {
      await command("command", "setSLMImage", [device, base64(pixels)]);
    },
    displaySLMImage: act<[string]>("displaySLMImage"),
    setAutoFocusOffset: act<[number]>("setAutoFocusOffset"),
    fullFocus: act("fullFocus"),
    getImageWidth: number("getImageWidth"),
    getImageHeight: number("getImageHeight"),
    getImageBitDepth: number("getImageBitDepth"),
    getNumberOfCameraChannels: number("getNumberOfCameraChannels"),
    getPixelSizeUm: number("getPixelSizeUm"),
    getPixelSizeAffine: get<[], readonly number[]>("getPixelSizeAffine", listOf(asNumber)),
    getVersionInfo: text("getVersionInfo"),
    sleep: (ms) => systemClock.sleep(ms),
    getXPosition: number<OptionalLabel>("getXPosition"),
    getYPosition: number<OptionalLabel>("getYPosition"),
    setRelativePosition: act<AfterLabel<[number]>>("setRelativePosition"),
    setRelativeXYPosition: act<AfterLabel<[number, number]>>("setRelativeXYPosition"),
    setFocusDevice: act<[string]>("setFocusDevice"),
    setXYStageDevice: act<[string]>("setXYStageDevice"),
    deviceBusy: truth<[string]>("deviceBusy"),
    systemBusy: truth("systemBusy"),
    waitForSystem: act("waitForSystem"),
    waitForConfig: act<[string, string]>("waitForConfig"),
    getShutterDevice: text("getShutterDevice"),
    setShutterDevice: act<[string]>("setShutterDevice"),
    getShutterOpen: truth<OptionalLabel>("getShutterOpen"),
    getAutoShutter: truth("getAutoShutter"),
    getROI: get<OptionalLabel, readonly [number, number, number, number]>("getROI", asRegion),
    getBytesPerPixel: number("getBytesPerPixel"),
    getNumberOfComponents: number("getNumberOfComponents"),
    getImageBufferSize: number("getImageBufferSize"),
    isGroupDefined: truth<[string]>("isGroupDefined"),
    isConfigDefined: truth<[string, string]>("isConfigDefined"),
    getConfigGroupState: get<[string], readonly ConfigSetting[]>("getConfigGroupState", listOf(asSetting)),
    getChannelGroup: text("getChannelGroup"),
    getAllowedPropertyValues: texts<[string, string]>("getAllowedPropertyValues"),
    isPropertyReadOnly: truth<[string, string]>("isPropertyReadOnly"),
    hasPropertyLimits: truth<[string, string]>("hasPropertyLimits"),
    getPropertyLowerLimit: number<[string, string]>("getPropertyLowerLimit"),
    getPropertyUpperLimit: number<[string, string]>("getPropertyUpperLimit"),
    getState: number<[string]>("getState"),
    setState: act<[string, number]>("setState"),
    getStateLabel: text<[string]>("getStateLabel"),
    setStateLabel: act<[string, string]>("setStateLabel"),
    getStateLabels: texts<[string]>("getStateLabels"),
    getNumberOfStates: number<[string]>("getNumberOfStates"),
    getExposureSequenceMaxLength: number<[string]>("getExposureSequenceMaxLength"),
    getStageSequenceMaxLength: number<[string]>("getStageSequenceMaxLength"),
    getXYStageSequenceMaxLength: number<[string]>("getXYStageSequenceMaxLength"),
    getPropertySequenceMaxLength: number<[string, string]>("getPropertySequenceMaxLength"),
    loadExposureSequence: act<[string, readonly number[]]>("loadExposureSequence"),
    loadStageSequence: act<[string, readonly number[]]>("loadStageSequence"),
    loadXYStageSequence: act<[string, readonly number[], readonly number[]]>("loadXYStageSequence"),
    loadPropertySequence: act<[string, string, readonly string[]]>("loadPropertySequence"),
    startExposureSequence: act<[string]>("startExposureSequence"),
    startStageSequence: act<[string]>("startStageSequence"),
    startXYStageSequence: act<[string]>("startXYStageSequence"),
    startPropertySequence: act<[string, string]>("startPropertySequence"),
    stopExposureSequence: act<[string]>("stopExposureSequence"),
    stopStageSequence: act<[string]>("stopStageSequence"),
    stopXYStageSequence: act<[string]>("stopXYStageSequence"),
    stopPropertySequence: act<[string, string]>("stopPropertySequence"),
  };
}

function nothing(): void {}

function asText(value: JsonValue, at: string): string {
  return typeof value === "string" ? value : wrongResult(at, "text", value);
}

function asNumber(value: JsonValue, at: string): number {
  return typeof value === "number" ? value : wrongResult(at, "a number", value);
}

function asBoolean(value: JsonValue, at: string): boolean {
  return typeof value === "boolean" ? value : wrongResult(at, "true or false", value);
}

function listOf<T>(item: (value: JsonValue, at: string) => T): (value: JsonValue, at: string) => T[] {
  return (value, at) =>
    Array.isArray(value) ? value.map((each: JsonValue) => item(each, at)) : wrongResult(at, "a list", value);
}

function asPair(value: JsonValue, at: string): readonly [number, number] {
  const [x, y] = listOf(asNumber)(value, at);
  return [x, y];
}

function asRegion(value: JsonValue, at: string): readonly [number, number, number, number] {
  const [x, y, width, height] = listOf(asNumber)(value, at);
  return [x, y, width, height];
}

function asSetting(value: JsonValue, at: string): ConfigSetting {
  const [device, property, setting] = listOf(asText)(value, at);
  return [device, property, setting];
}

function wrongResult(at: string, expected: string, value: JsonValue): never {
  throw new VitrineError({ code: "device", at, expected, found: JSON.stringify(value) });
}

function base64(bytes: Uint8Array): string {
  const parts: string[] = [];
  const size = 0x8000; // as many arguments as every engine takes
  for (let i = 0; i < bytes.length; i += size)
    parts.push(String.fromCharCode(...bytes.subarray(i, i + size)));
  return btoa(parts.join(""));
}
