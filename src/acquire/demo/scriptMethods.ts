import type { ScriptMethods } from "../scriptCore.ts";
import type { CoreParts, DemoCore } from "./core.ts";
import { type Property, refused } from "./devices.ts";
import { SHUTTER } from "./hardware.ts";

/** How long a question whether devices are busy waits where they are, ms: a loop that only asks would keep them from moving on. */
const POLL_MS = 1;
/** The group of presets that programs offer as channels. */
const CHANNEL_GROUP = "Channel";

/** The methods of {@link ScriptMethods} on the simulated devices. */
export function scriptMethods(core: DemoCore, parts: CoreParts): Omit<ScriptMethods, keyof DemoCore> {
  return {
    getVersionInfo: async () => "simulated microscope of Vitrine, with methods of MMCore 12.5",
    sleep: (ms) => parts.clock.sleep(ms),
    ...moves(core, parts),
    ...roles(core, parts),
    ...images(core, parts),
    ...presets(core),
    ...properties(parts),
    ...sequences(core, parts),
    ...states(core, parts),
  };
}

function moves(core: DemoCore, { hardware: { devices }, clock, enter }: CoreParts) {
  const busy = async (labels: readonly string[]) => {
    enter();
    const isBusy = labels.some((label) => (devices.device(label).busyUntilMs ?? 0) > clock.now());
    if (isBusy) await clock.sleep(POLL_MS);
    return isBusy;
  };
  return {
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
    deviceBusy: (label) => busy([label]),
    systemBusy: () => busy(devices.labels),
    waitForSystem: async () => {
      for (const label of devices.labels) await core.waitForDevice(label);
    },
    waitForConfig: async (group, preset) => {
      for (const [device] of await core.getConfigData(group, preset)) await core.waitForDevice(device);
    },
  } satisfies Partial<ScriptMethods>;
}

function roles(core: DemoCore, { hardware, enter }: CoreParts) {
  const { devices } = hardware;
  const role = async (of: string, [there, label]: readonly [string, string]) => {
    devices.device(label);
    if (label !== there) throw refused(label, `the ${of} ${there}`, "another device");
  };
  return {
    setFocusDevice: (label) => role("focus drive", [hardware.z.label, label]),
    setXYStageDevice: (label) => role("stage", [hardware.xy.label, label]),
    getDeviceType: async (label) => {
      enter();
      return kindOf(devices.device(label).label, hardware);
    },
    getShutterDevice: async () => core.getProperty("Core", "Shutter"),
    setShutterDevice: async (label) => role("shutter", [await core.getProperty("Core", "Shutter"), label]),
    getAutoShutter: async () => (await core.getProperty("Core", "AutoShutter")) === "1",
  } satisfies Partial<ScriptMethods>;
}

function images(core: DemoCore, { hardware }: CoreParts) {
  const pixel = async () => {
    const { channels, dtype, width, height } = hardware
      .camera(await core.getCameraDevice())
      .settings().layout;
    const components = channels === 3 ? 4 : channels;
    return { components, bytes: components * (dtype === "uint16" ? 2 : 1), count: width * height };
  };

  return {
    getBytesPerPixel: async () => (await pixel()).bytes,
    getNumberOfComponents: async () => (await pixel()).components,
    getImageBufferSize: async () => {
      const { bytes, count } = await pixel();
      return bytes * count;
    },
  } satisfies Partial<ScriptMethods>;
}

function presets(core: DemoCore) {
  return {
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
  } satisfies Partial<ScriptMethods>;
}

function properties({ hardware, enter }: CoreParts) {
  const property = (device: string, name: string) => {
    enter();
    return hardware.devices.property(device, name);
  };
  return {
    getAllowedPropertyValues: async (device, name) => property(device, name).allowed ?? [],
    isPropertyReadOnly: async (device, name) => property(device, name).set === undefined,
    hasPropertyLimits: async (device, name) => property(device, name).limits !== undefined,
    getPropertyLowerLimit: async (device, name) => property(device, name).limits?.[0] ?? 0,
    getPropertyUpperLimit: async (device, name) => property(device, name).limits?.[1] ?? 0,
  } satisfies Partial<ScriptMethods>;
}

function sequences(core: DemoCore, { hardware, enter }: CoreParts) {
  return {
    isExposureSequenceable: async (camera) => (await core.getExposureSequenceMaxLength(camera)) > 0,
    isStageSequenceable: async (stage) => (await core.getStageSequenceMaxLength(stage)) > 0,
    isXYStageSequenceable: async (stage) => (await core.getXYStageSequenceMaxLength(stage)) > 0,
    isPropertySequenceable: async (device, name) =>
      (await core.getPropertySequenceMaxLength(device, name)) > 0,
    prepareSequenceAcquisition: async (camera) => {
      enter();
      hardware.camera(camera);
    },
  } satisfies Partial<ScriptMethods>;
}

function states(core: DemoCore, { hardware, enter }: CoreParts) {
  const stateOf = (device: string, name: "Label" | "State"): Property => {
    const wheels = Object.values(hardware.wheels).map(({ label }) => label);
    enter();
    hardware.devices.device(device);
    if (wheels.includes(device)) return hardware.devices.property(device, name);
    throw refused(device, `a device with states (${wheels.join(", ")})`, "another device");
  };
  return {
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
  } satisfies Partial<ScriptMethods>;
}

/** MMCore's numbers, `MM::DeviceType`, of devices that have the labels of the simulated ones. */
const KINDS: Readonly<Record<string, number>> = {
  [SHUTTER]: 3,
  Z: 5,
  XY: 6,
  Autofocus: 9,
  Core: 10,
  SLM: 14,
};
const CAMERA = 2;
const WITH_STATES = 4;

function kindOf(label: string, { cameras, wheels }: CoreParts["hardware"]): number {
  if (cameras.some((camera) => camera.label === label)) return CAMERA;
  return Object.values(wheels).some((wheel) => wheel.label === label) ? WITH_STATES : KINDS[label];
}
