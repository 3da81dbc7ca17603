import { VitrineError } from "../../core/index.ts";
import type { JsonValue } from "../../io/index.ts";
import type { ConfigSetting, MicroscopeCore } from "../microscope.ts";
import type { SnapCore } from "../snapping.ts";

/** MMCore's methods: those of every microscope, and any other by its name. */
export interface MMCoreCore extends MicroscopeCore, SnapCore {
  /**
   * Calls a method of `CMMCore` as pymmcore has it. Tuples come as lists, a `Configuration` as a list of
   * [device, property, value].
   *
   * @throws {VitrineError} missing: no such method, device, property, group or preset; type: other arguments than it takes, or a
   *   result that JSON cannot hold; device: MMCore refused; timeout
   * @example
   * const names = await microscope.core.call("getAllowedPropertyValues", "Camera", "Binning");
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
export function createCore(command: Command): Omit<MMCoreCore, keyof SnapCore> {
  /** A method whose result a guard has checked. */
  const get =
    <A extends readonly JsonValue[], T>(method: string, guard: (value: JsonValue, at: string) => T) =>
    async (...args: A): Promise<T> =>
      guard(await command("command", method, args), method);
  const text = <A extends readonly string[] = []>(method: string) => get<A, string>(method, asText);
  const number = <A extends readonly string[] = []>(method: string) => get<A, number>(method, asNumber);
  const texts = <A extends readonly string[] = []>(method: string) =>
    get<A, readonly string[]>(method, listOf(asText));
  const act = <A extends readonly JsonValue[] = []>(method: string) => get<A, void>(method, nothing);

  return {
    call: (method, ...args) => command("call", method, args),
    getLoadedDevices: texts("getLoadedDevices"),
    getDevicePropertyNames: texts<[string]>("getDevicePropertyNames"),
    hasProperty: get<[string, string], boolean>("hasProperty", asBoolean),
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
    getExposure: number("getExposure"),
    setExposure: act<[number]>("setExposure"),
    getPosition: number<[] | [string]>("getPosition"),
    setPosition: act<readonly [number] | readonly [string, number]>("setPosition"),
    getXYPosition: get<[], readonly [number, number]>("getXYPosition", asPair),
    setXYPosition: act<[number, number]>("setXYPosition"),
    setAutoShutter: act<[boolean]>("setAutoShutter"),
    setShutterOpen: act<[boolean]>("setShutterOpen"),
    setROI: act<[number, number, number, number]>("setROI"),
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
