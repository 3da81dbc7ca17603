import { VitrineError } from "../../core/index.ts";
import type { Clock } from "../clock.ts";
import type { ConfigSetting, MicroscopeCore } from "../microscope.ts";
import type { AfterLabel, OptionalLabel } from "../scriptCore.ts";
import { configGroups } from "./configGroups.ts";
import { checkedValue, notThere, refused } from "./devices.ts";
import type { DeviceFaults } from "./faults.ts";
import { type DemoHardware, SHUTTER, SLM_SIDE } from "./hardware.ts";
import type { Stage } from "./stages.ts";
import type { Wheel } from "./wheel.ts";

/** Time that the autofocus takes, besides the move. */
const FOCUS_MS = 150;

/** What the devices' methods work on. */
export interface CoreParts {
  readonly hardware: DemoHardware;
  readonly clock: Clock;
  readonly faults: DeviceFaults;
  readonly timeoutMs: number;
  /** Position of the focus drive at which a place is sharp, µm. */
  focusUm(xUm: number, yUm: number): number;
  /** Called before every method: brings devices to where a running sequence has them, and refuses a closed microscope. */
  readonly enter: () => void;
}

/** MMCore's methods on the simulated devices. */
export class DemoCore implements MicroscopeCore {
  readonly #parts: CoreParts;
  readonly #groups: ReturnType<typeof configGroups>;
  #slmImage: Uint8Array | undefined;

  constructor(parts: CoreParts) {
    this.#parts = parts;
    this.#groups = configGroups(parts.hardware.cameras[0].label);
  }

  get #hardware(): DemoHardware {
    this.#parts.enter();
    return this.#parts.hardware;
  }

  async getLoadedDevices() {
    return this.#hardware.devices.labels;
  }

  async getDevicePropertyNames(device: string) {
    return this.#hardware.devices.device(device).properties.map(({ name }) => name);
  }

  async hasProperty(device: string, property: string) {
    return this.#hardware.devices.device(device).properties.some(({ name }) => name === property);
  }

  async getProperty(device: string, property: string) {
    return this.#hardware.devices.property(device, property).get();
  }

  async setProperty(device: string, property: string, value: string | number | boolean) {
    const { devices } = this.#hardware;
    devices.property(device, property);
    this.#parts.faults.write(device, property);
    devices.setProperty(device, property, value);
  }

  async getAvailableConfigGroups() {
    return Object.keys(this.#groups);
  }

  async getAvailableConfigs(group: string) {
    return Object.keys(this.#group(group));
  }

  async getConfigData(group: string, preset: string) {
    return this.#preset(group, preset);
  }

  async getCurrentConfig(group: string) {
    const { devices } = this.#hardware;
    const holds = ([device, property, value]: ConfigSetting) =>
      devices.property(device, property).get() === value;
    const current = Object.entries(this.#group(group)).find(([, settings]) => settings.every(holds));
    return current?.[0] ?? "";
  }

  async setConfig(group: string, preset: string) {
    const settings = this.#preset(group, preset);
    for (const [device, property, value] of settings) await this.setProperty(device, property, value);
    for (const [device] of settings) await this.waitForDevice(device);
  }

  async waitForDevice(label: string) {
    const { clock, timeoutMs } = this.#parts;
    const device = this.#hardware.devices.device(label);
    const deadline = clock.now() + timeoutMs;
    // a timer may end a little early
    while ((device.busyUntilMs ?? 0) > clock.now()) {
      if (clock.now() >= deadline) {
        device.giveUp?.();
        const found = "that it is still busy";
        throw new VitrineError({
          code: "timeout",
          at: label,
          expected: `to come to rest within ${timeoutMs} ms`,
          found,
        });
      }
      await clock.sleep(Math.min(device.busyUntilMs ?? 0, deadline) - clock.now());
    }
  }

  async getCameraDevice() {
    return this.#hardware.currentCamera.get();
  }

  async getFocusDevice() {
    return this.#hardware.z.label;
  }

  async getXYStageDevice() {
    return this.#hardware.xy.label;
  }

  async getAutoFocusDevice() {
    return "Autofocus";
  }

  async getSLMDevice() {
    return "SLM";
  }

  async setCameraDevice(label: string) {
    this.#hardware.camera(label);
    await this.setProperty("Core", "Camera", label);
  }

  async getExposure(...camera: OptionalLabel) {
    return this.#camera(...camera).exposureMs;
  }

  async setExposure(...exposure: AfterLabel<[ms: number]>) {
    const [label, ms] = labelled(exposure, 1);
    await this.setProperty(this.#camera(...label).label, "Exposure", ms);
  }

  async getPosition(...[stage]: readonly [] | readonly [string]) {
    return this.#focusDrive(stage ?? this.#hardware.z.label).position[0];
  }

  async setPosition(...target: readonly [um: number] | readonly [stage: string, um: number]) {
    const [stage, um] = target.length === 2 ? target : [this.#hardware.z.label, target[0]];
    this.#move(this.#focusDrive(stage), [um]);
  }

  async getXYPosition(...[stage]: OptionalLabel) {
    return this.#xyStage(stage ?? this.#hardware.xy.label).position;
  }

  async setXYPosition(...target: AfterLabel<[xUm: number, yUm: number]>) {
    const [[stage], xUm, yUm] = labelled(target, 2);
    this.#move(this.#xyStage(stage ?? this.#hardware.xy.label), [xUm, yUm]);
  }

  async setAutoShutter(on: boolean) {
    await this.setProperty("Core", "AutoShutter", on);
  }

  async getShutterOpen(...[shutter]: OptionalLabel) {
    return (await this.getProperty(this.#shutter(shutter), "State")) === "1";
  }

  async setShutterOpen(...state: AfterLabel<[open: boolean]>) {
    const [[shutter], open] = labelled(state, 1);
    await this.setProperty(this.#shutter(shutter), "State", open);
  }

  async getROI(...camera: OptionalLabel) {
    const { x, y, width, height } = this.#camera(...camera).settings().roi;
    return [x, y, width, height] as const;
  }

  async setROI(...roi: AfterLabel<[x: number, y: number, width: number, height: number]>) {
    const [label, x, y, width, height] = labelled(roi, 4);
    this.#camera(...label).setRoi({ x, y, width, height });
  }

  async clearROI() {
    this.#camera().setRoi(undefined);
  }

  async setSLMImage(device: string, pixels: Uint8Array) {
    this.#checkSlm(device);
    const count = SLM_SIDE ** 2;
    if (pixels.length !== count && pixels.length !== 4 * count)
      throw refused(`${device} image`, `${count} values, or ${4 * count} in colour`, `${pixels.length}`);
    const step = pixels.length / count;
    this.#slmImage = Uint8Array.from({ length: count }, (_, i) => pixels[step * i]);
  }

  async displaySLMImage(device: string) {
    this.#checkSlm(device);
    if (this.#slmImage === undefined)
      throw refused(`${device} image`, "to be set before it is shown", "none");
    this.#hardware.pattern = { widthPx: SLM_SIDE, heightPx: SLM_SIDE, data: this.#slmImage };
  }

  async setAutoFocusOffset(offset: number) {
    await this.setProperty("Autofocus", "Offset", offset);
  }

  async fullFocus() {
    const { z, xy, focusOffset } = this.#hardware;
    const { clock, faults, focusUm } = this.#parts;
    await this.waitForDevice(xy.label);
    await clock.sleep(FOCUS_MS);
    faults.focus("Autofocus");
    z.moveTo([focusUm(...xy.position) + Number(focusOffset.get())]);
    await this.waitForDevice(z.label);
  }

  async getImageWidth() {
    return this.#camera().settings().layout.width;
  }

  async getImageHeight() {
    return this.#camera().settings().layout.height;
  }

  async getImageBitDepth() {
    return this.#camera().settings().sensor.bitDepth;
  }

  async getNumberOfCameraChannels() {
    return 1;
  }

  async getPixelSizeUm() {
    return this.#hardware.pixelSizeUm * this.#camera().settings().binning;
  }

  async getPixelSizeAffine() {
    const size = await this.getPixelSizeUm();
    return [size, 0, 0, 0, size, 0];
  }

  async getExposureSequenceMaxLength(camera: string) {
    return this.#hardware.camera(camera).exposures.maxLength;
  }

  async getStageSequenceMaxLength(stage: string) {
    return this.#focusDrive(stage).sequence.maxLength;
  }

  async getXYStageSequenceMaxLength(stage: string) {
    return this.#xyStage(stage).sequence.maxLength;
  }

  async getPropertySequenceMaxLength(device: string, property: string) {
    return this.#hardware.devices.property(device, property).sequence?.maxLength ?? 0;
  }

  async loadExposureSequence(camera: string, ms: readonly number[]) {
    const exposure = this.#hardware.devices.property(this.#hardware.camera(camera).label, "Exposure");
    for (const value of ms) checkedValue(`${camera} Exposure`, exposure, value);
    this.#hardware.camera(camera).exposures.load(ms);
  }

  async loadStageSequence(stage: string, um: readonly number[]) {
    const drive = this.#focusDrive(stage);
    const positions = um.map((value) => [value] as const);
    for (const position of positions) drive.checkLimits(position);
    drive.sequence.load(positions);
  }

  async loadXYStageSequence(stage: string, xUm: readonly number[], yUm: readonly number[]) {
    const drive = this.#xyStage(stage);
    if (xUm.length !== yUm.length)
      throw refused(`${stage} sequence`, "as many x as y", `${xUm.length} and ${yUm.length}`);
    const positions = xUm.map((x, i) => [x, yUm[i]] as const);
    for (const position of positions) drive.checkLimits(position);
    drive.sequence.load(positions);
  }

  async loadPropertySequence(device: string, name: string, values: readonly string[]) {
    const property = this.#hardware.devices.property(device, name);
    const wheel = this.#wheel(device, name);
    const labels = values.map((value) => wheel.labelOf(checkedValue(`${device} ${name}`, property, value)));
    wheel.sequence.load(labels);
  }

  async startExposureSequence(camera: string) {
    this.#hardware.camera(camera).exposures.start();
  }

  async startStageSequence(stage: string) {
    this.#focusDrive(stage).sequence.start();
  }

  async startXYStageSequence(stage: string) {
    this.#xyStage(stage).sequence.start();
  }

  async startPropertySequence(device: string, property: string) {
    this.#wheel(device, property).sequence.start();
  }

  async stopExposureSequence(camera: string) {
    this.#hardware.camera(camera).exposures.stop();
  }

  async stopStageSequence(stage: string) {
    this.#focusDrive(stage).sequence.stop();
  }

  async stopXYStageSequence(stage: string) {
    this.#xyStage(stage).sequence.stop();
  }

  async stopPropertySequence(device: string, property: string) {
    this.#wheel(device, property).sequence.stop();
  }

  #group(group: string) {
    const presets = Object.hasOwn(this.#groups, group) ? this.#groups[group] : undefined;
    if (presets !== undefined) return presets;
    const expected = `one of ${Object.keys(this.#groups).join(", ")}`;
    throw new VitrineError({
      code: "missing",
      at: `config group ${group}`,
      expected,
      found: notThere("group", group, Object.keys(this.#groups)),
    });
  }

  #preset(group: string, preset: string): readonly ConfigSetting[] {
    const presets = this.#group(group);
    if (Object.hasOwn(presets, preset)) return presets[preset];
    const expected = `one of ${Object.keys(presets).join(", ")}`;
    throw new VitrineError({
      code: "missing",
      at: `config ${group} ${preset}`,
      expected,
      found: notThere("preset", preset, Object.keys(presets)),
    });
  }

  #camera(...[label]: OptionalLabel) {
    return this.#hardware.camera(label ?? this.#hardware.currentCamera.get());
  }

  #shutter(label = SHUTTER): string {
    return this.#only({ label: SHUTTER }, label, "shutter").label;
  }

  #focusDrive(label: string): DemoHardware["z"] {
    return this.#only(this.#hardware.z, label);
  }

  #xyStage(label: string): DemoHardware["xy"] {
    return this.#only(this.#hardware.xy, label);
  }

  #only<T extends { readonly label: string }>(device: T, label: string, kind = "stage"): T {
    if (device.label === label) return device;
    this.#hardware.devices.device(label);
    throw refused(label, `the ${kind} ${device.label}`, "another device");
  }

  #wheel(device: string, name: string): Wheel {
    const property = this.#hardware.devices.property(device, name);
    const wheel = Object.values(this.#hardware.wheels).find(({ label }) => label === device);
    if (wheel !== undefined && property.sequence !== undefined && wheel.sequence.maxLength > 0) return wheel;
    throw refused(`${device} ${name}`, "a property that the device can play", "one that it cannot");
  }

  #checkSlm(label: string): void {
    this.#hardware.devices.device(label);
    if (label !== "SLM") throw refused(label, "the light modulator SLM", "another device");
  }

  #move<Position extends readonly number[]>(stage: Stage<Position>, position: Position): void {
    const neverArrives = this.#parts.faults.move(stage.label);
    if (neverArrives) stage.jam();
    else stage.moveTo(position);
  }
}

/** The label before so many values, where there is one, and the values. */
function labelled<Values extends readonly unknown[]>(
  args: AfterLabel<Values>,
  count: Values["length"],
): readonly [label: OptionalLabel, ...Values] {
  const hasLabel = args.length > count;
  const label = hasLabel ? ([String(args[0])] as const) : ([] as const);
  const values = hasLabel ? args.slice(1) : args;
  return [label, ...(values as unknown as Values)];
}
