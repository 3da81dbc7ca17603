import { VitrineError } from "../../core/index.ts";
import type { Clock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { MicroscopeCore } from "../microscope.ts";
import { watched } from "./watchdog.ts";

/** A device that refuses is asked again: the peer's numbers. */
const TRIES = 6;
const MS_BETWEEN_TRIES = 5;

/** Hardware sequences that were started, by what stops them. */
type RunningSequence = () => Promise<void>;

/**
 * Sets the devices as events say, and only what changed since the last event. One event, or several that the hardware plays by
 * itself, triggered by the camera.
 *
 * Order as in Pycro-Manager 1.0.2: other stages, XY stage, channel, exposure, light modulator, properties; then the focus drive.
 */
export class Hardware {
  readonly #core: MicroscopeCore;
  readonly #limitMs: number;
  readonly #clock: Clock;
  #last: AcquisitionEvent | undefined;
  #lastZ: number | undefined;
  #shutterHeld = false;
  #running: RunningSequence[] = [];

  constructor(core: MicroscopeCore, { limitMs, clock }: { readonly limitMs: number; readonly clock: Clock }) {
    this.#core = core;
    this.#limitMs = limitMs;
    this.#clock = clock;
  }

  /** Everything but the focus drive. @throws {VitrineError} device, timeout; missing: an axis without a device */
  async setAllButFocus(events: readonly AcquisitionEvent[]): Promise<void> {
    const first = events[0]!;
    const last = this.#last ?? { axes: {} };
    await this.#checkDevices(events);
    for (const [device, um] of first.stage_positions ?? []) await this.#moveStage(device, um);
    await this.#setXY(events, last);
    await this.#setPreset(events, last);
    await this.#setExposure(events, last);
    await this.#setChip(first, last);
    await this.#setSlm(first);
    for (const [device, property, value] of first.properties ?? [])
      await this.#try(`setting ${device} ${property}`, () => this.#core.setProperty(device, property, value));
    await this.#holdShutter(first);
    this.#last = { ...last, ...events[events.length - 1]! };
  }

  /** The focus drive, and the autofocus where the event asks for it. @throws {VitrineError} device, timeout */
  async setFocus(events: readonly AcquisitionEvent[]): Promise<void> {
    const first = events[0]!.z;
    if (first !== undefined)
      await this.#setZ(
        filled(
          events.map(({ z }) => z),
          first,
        ),
      );
    const { autofocus } = events[0]!;
    if (autofocus === undefined) return;
    const { offset } = autofocus;
    if (offset !== undefined)
      await this.#try("setting the autofocus offset", () => this.#core.setAutoFocusOffset(offset));
    await this.#try("autofocus", () => this.#core.fullFocus());
    this.#lastZ = undefined;
  }

  /** After the exposure: ends hardware sequences and, unless an event keeps it open, closes the shutter. */
  async finish(event: AcquisitionEvent): Promise<void> {
    const running = this.#running;
    this.#running = [];
    for (const stop of running) await this.#try("stopping a hardware sequence", stop);
    if (!this.#shutterHeld || event.keep_shutter_open === true) return;
    this.#shutterHeld = false;
    await this.#try("closing the shutter", async () => {
      await this.#core.setShutterOpen(false);
      await this.#core.setAutoShutter(true);
    });
  }

  async #checkDevices(events: readonly AcquisitionEvent[]): Promise<void> {
    const needsZ = events.some(({ z }) => z !== undefined);
    const needsXY = events.some(({ x, y }) => x !== undefined || y !== undefined);
    if (needsZ && (await this.#core.getFocusDevice()) === "") throw noDevice("z", "focus drive");
    if (needsXY && (await this.#core.getXYStageDevice()) === "") throw noDevice("x and y", "XY stage");
  }

  async #moveStage(device: string, um: number): Promise<void> {
    await this.#try(`moving ${device}`, async () => {
      await this.#core.setPosition(device, um);
      await this.#core.waitForDevice(device);
    });
  }

  async #setXY(events: readonly AcquisitionEvent[], last: AcquisitionEvent): Promise<void> {
    const { x, y } = events[0]!;
    if (x === undefined && y === undefined) return;
    const stage = await this.#core.getXYStageDevice();
    if (varies(events, "x") || varies(events, "y")) {
      const [xNow, yNow] = await this.#core.getXYPosition();
      const xs = filled(
        events.map((event) => event.x),
        xNow,
      );
      const ys = filled(
        events.map((event) => event.y),
        yNow,
      );
      await this.#play("XY stage", {
        load: () => this.#core.loadXYStageSequence(stage, xs, ys),
        start: () => this.#core.startXYStageSequence(stage),
        stop: () => this.#core.stopXYStageSequence(stage),
      });
    } else if (x !== last.x || y !== last.y) {
      await this.#try("moving the XY stage", async () => {
        const [xNow, yNow] = x === undefined || y === undefined ? await this.#core.getXYPosition() : [x, y];
        await this.#core.waitForDevice(stage);
        await this.#core.setXYPosition(x ?? xNow, y ?? yNow);
        await this.#core.waitForDevice(stage);
      });
    }
  }

  async #setPreset(events: readonly AcquisitionEvent[], last: AcquisitionEvent): Promise<void> {
    const preset = events[0]!.config_group;
    if (preset === undefined) return;
    if (preset.join("\n") !== last.config_group?.join("\n"))
      await this.#try(`setting ${preset[0]} to ${preset[1]}`, () =>
        this.#core.setConfig(preset[0], preset[1]),
      );
    const names = new Set(events.map((event) => event.config_group?.[1] ?? preset[1]));
    if (names.size > 1)
      await this.#playPresets(
        events.map((event) => event.config_group?.[1] ?? preset[1]),
        preset[0],
      );
  }

  /** Loads the values of every property that differs between the presets. */
  async #playPresets(presets: readonly string[], group: string): Promise<void> {
    const settings = new Map(
      await Promise.all(
        [...new Set(presets)].map(
          async (preset) => [preset, await this.#core.getConfigData(group, preset)] as const,
        ),
      ),
    );
    for (const [device, property] of settings.get(presets[0]!)!) {
      const valueIn = (preset: string) =>
        settings.get(preset)!.find((s) => s[0] === device && s[1] === property)![2];
      const values = presets.map(valueIn);
      if (values.every((value) => value === values[0])) continue;
      await this.#play(`${device} ${property}`, {
        load: () => this.#core.loadPropertySequence(device, property, values),
        start: () => this.#core.startPropertySequence(device, property),
        stop: () => this.#core.stopPropertySequence(device, property),
      });
    }
  }

  async #setExposure(events: readonly AcquisitionEvent[], last: AcquisitionEvent): Promise<void> {
    const { exposure } = events[0]!;
    if (exposure === undefined) return;
    if (!varies(events, "exposure")) {
      if (exposure !== last.exposure)
        await this.#try("setting the exposure", () => this.#core.setExposure(exposure));
      return;
    }
    const camera = await this.#core.getCameraDevice();
    const ms = filled(
      events.map((event) => event.exposure),
      exposure,
    );
    await this.#play("exposure", {
      load: () => this.#core.loadExposureSequence(camera, ms),
      start: () => this.#core.startExposureSequence(camera),
      stop: () => this.#core.stopExposureSequence(camera),
    });
  }

  async #setChip({ roi }: AcquisitionEvent, last: AcquisitionEvent): Promise<void> {
    if (roi === undefined || JSON.stringify(roi) === JSON.stringify(last.roi)) return;
    await this.#try("setting the region of interest", () =>
      this.#core.setROI(roi.x, roi.y, roi.width, roi.height),
    );
  }

  async #setSlm({ slm_pattern }: AcquisitionEvent): Promise<void> {
    if (slm_pattern === undefined) return;
    const slm = await this.#core.getSLMDevice();
    if (slm === "") throw noDevice("slm_pattern", "spatial light modulator");
    await this.#try("setting the light modulator", async () => {
      await this.#core.setSLMImage(slm, Uint8Array.from(slm_pattern));
      await this.#core.displaySLMImage(slm);
    });
  }

  async #setZ(positions: readonly number[]): Promise<void> {
    const stage = await this.#core.getFocusDevice();
    const last = positions[positions.length - 1]!;
    if (positions.some((z) => z !== positions[0])) {
      await this.#play("focus drive", {
        load: () => this.#core.loadStageSequence(stage, positions),
        start: () => this.#core.startStageSequence(stage),
        stop: () => this.#core.stopStageSequence(stage),
      });
    } else if (last !== this.#lastZ) {
      await this.#try("moving the focus drive", async () => {
        await this.#core.waitForDevice(stage);
        await this.#core.setPosition(stage, last);
        await this.#core.waitForDevice(stage);
      });
    }
    this.#lastZ = last;
  }

  async #holdShutter({ keep_shutter_open }: AcquisitionEvent): Promise<void> {
    if (keep_shutter_open !== true || this.#shutterHeld) return;
    this.#shutterHeld = true;
    await this.#try("opening the shutter", async () => {
      await this.#core.setAutoShutter(false);
      await this.#core.setShutterOpen(true);
    });
  }

  async #play(
    what: string,
    { load, start, stop }: Record<"load" | "start" | "stop", RunningSequence>,
  ): Promise<void> {
    await this.#try(`loading the sequence of the ${what}`, load);
    this.#running.push(stop);
    await this.#try(`starting the sequence of the ${what}`, start);
  }

  /** Asks again where a device refused; a watchdog that fired is final, since the device may still be at it. */
  async #try(what: string, command: () => Promise<void>): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await watched(command(), what, this.#limitMs);
      } catch (error) {
        const retriable = error instanceof VitrineError && error.code === "device";
        if (!retriable || attempt === TRIES) {
          this.#last = undefined;
          this.#lastZ = undefined;
          throw error;
        }
        await this.#clock.sleep(MS_BETWEEN_TRIES);
      }
    }
  }
}

function varies(events: readonly AcquisitionEvent[], key: "x" | "y" | "exposure"): boolean {
  return events.some((event) => event[key] !== undefined && event[key] !== events[0]![key]);
}

/** Values of a setting that stays as it was where an event leaves it out. */
function filled(values: readonly (number | undefined)[], first: number): number[] {
  let last = first;
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

function noDevice(setting: string, device: string): VitrineError {
  return new VitrineError({
    code: "missing",
    at: `event ${setting}`,
    expected: `a microscope with a ${device}`,
    found: "none",
    hint: "Name the device in the microscope's configuration, or leave the setting out of the events",
  });
}
