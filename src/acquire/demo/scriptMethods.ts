import type { ScriptMethods } from "../scriptCore.ts";
import type { CoreParts, DemoCore } from "./core.ts";
import { type Property, refused } from "./devices.ts";

/** How long a question whether devices are busy waits where they are, ms: a loop that only asks would keep them from moving on. */
const POLL_MS = 1;
/** The group of presets that programs offer as channels. */
const CHANNEL_GROUP = "Channel";

/** The methods of {@link ScriptMethods} on the simulated devices. */
export function scriptMethods(core: DemoCore, parts: CoreParts): Omit<ScriptMethods, keyof DemoCore> {
  const { hardware, clock } = parts;
  const { devices } = hardware;
  const role = async (of: string, [there, label]: readonly [string, string]) => {
    devices.device(label);
    if (label !== there) throw refused(label, `the ${of} ${there}`, "another device");
  };
  const busy = async (labels: readonly string[]) => {
    parts.enter();
    const isBusy = labels.some((label) => (devices.device(label).busyUntilMs ?? 0) > clock.now());
    if (isBusy) await clock.sleep(POLL_MS);
    return isBusy;
  };
  const property = (device: string, name: string) => {
    parts.enter();
    return devices.property(device, name);
  };
  const stateOf = (device: string, name: "Label" | "State"): Property => {
    const wheels = Object.values(hardware.wheels).map(({ label }) => label);
    devices.device(device);
    if (wheels.includes(device)) return property(device, name);
    throw refused(device, `a device with states (${wheels.join(", ")})`, "another device");
  };
  const pixel = async () => {
    const { channels, dtype, width, height } = hardware
      .camera(await core.getCameraDevice())
      .settings().layout;
    const components = channels === 3 ? 4 : channels;
    return { components, bytes: components * (dtype === "uint16" ? 2 : 1), count: width * height };
  };

  return {
    getVersionInfo: async () => "simulated microscope of Vitrine, with methods of MMCore 12.5",
    sleep: (ms) => clock.sleep(ms),
    getXPosition: async (...stage) => (await core.getXYPosition(...stage))[0],
    getYPosition: async (...stage) => (await core.getXYPosition(...stage))[1],
    setRelativePosition: async (...move) => {
      const [stage, um] = move.length === 2 ? move : [await core.getFocusDevice(), move[0]];
      await core.setPosition(stage, (await core.getPosition(stage)) + um);
    },
    setRelativeXYPosition: async (...move) => {
      const [stage, xUm, yUm] = move.length === 3 ? move : [await core.getXYStageDevice(), ...move];
      const [x, y] = await core.getXYPosition(stage);
      await core.setXYPosition(stage, x + xUm, y + yUm);
    },
    setFocusDevice: (label) => role("focus drive", [hardware.z.label, label]),
    setXYStageDevice: (label) => role("stage", [hardware.xy.label, label]),
    deviceBusy: (label) => busy([label]),
    systemBusy: () => busy(devices.labels),
    waitForSystem: async () => {
      for (const label of devices.labels) await core.waitForDevice(label);
    },
    waitForConfig: async (group, preset) => {
      for (const [device] of await core.getConfigData(group, preset)) await core.waitForDevice(device);
    },
    getShutterDevice: async () => core.getProperty("Core", "Shutter"),
    setShutterDevice: async (label) => role("shutter", [await core.getProperty("Core", "Shutter"), label]),
    getAutoShutter: async () => (await core.getProperty("Core", "AutoShutter")) === "1",
    getBytesPerPixel: async () => (await pixel()).bytes,
    getNumberOfComponents: async () => (await pixel()).components,
    getImageBufferSize: async () => {
      const { bytes, count } = await pixel();
      return bytes * count;
    },
    isGroupDefined: async (group) => (await core.getAvailableConfigGroups()).includes(group),
    isConfigDefined: async (group, preset) =>
      (await core.getAvailableConfigGroups()).includes(group) &&
      (await core.getAvailableConfigs(group)).includes(preset),
    getConfigGroupState: async (group) => {
      const presets = await core.getAvailableConfigs(group);
      const settings = await Promise.all(presets.map((preset) => core.getConfigData(group, preset)));
      const places = new Map(settings.flat().map(([device, name]) => [`${device}\n${name}`, [device, name]]));
      return Promise.all(
        [...places.values()].map(
          async ([device, name]) => [device, name, await core.getProperty(device, name)] as const,
        ),
      );
    },
    getChannelGroup: async () => CHANNEL_GROUP,
    getAllowedPropertyValues: async (device, name) => property(device, name).allowed ?? [],
    isPropertyReadOnly: async (device, name) => property(device, name).set === undefined,
    hasPropertyLimits: async (device, name) => property(device, name).limits !== undefined,
    getPropertyLowerLimit: async (device, name) => property(device, name).limits?.[0] ?? 0,
    getPropertyUpperLimit: async (device, name) => property(device, name).limits?.[1] ?? 0,
    getState: async (device) => Number(stateOf(device, "State").get()),
    setState: async (device, state) => {
      stateOf(device, "State");
      await core.setProperty(device, "State", state);
    },
    getStateLabel: async (device) => stateOf(device, "Label").get(),
    setStateLabel: async (device, label) => {
      stateOf(device, "Label");
      await core.setProperty(device, "Label", label);
    },
    getStateLabels: async (device) => stateOf(device, "Label").allowed ?? [],
    getNumberOfStates: async (device) => stateOf(device, "State").allowed?.length ?? 0,
  };
}
