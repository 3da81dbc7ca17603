import { VitrineError } from "../../core/index.ts";
import type { Clock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { MicroscopeCore } from "../microscope.ts";
import { withTimeout } from "./watchdog.ts";

/** A device that refuses is asked again: Pycro-Manager's numbers. */
const TRIES = 6;
const MS_BETWEEN_TRIES = 5;

/** Hardware sequences that were started, by what stops them. */
type RunningSequence = () => Promise<void>;

/**
 * Sets the devices as events say, and only what changed since the last event. One event, or several that the hardware plays by
 * itself, triggered by the camera.
 *
 * Order as in Pycro-Manager 1.0.2: other stages, XY stage, channel, exposure, light modulator, properties; then, as in
 * pymmcore-plus, the region, which a change of the chip's size or binning undoes; then the focus drive.
 */
export class Hardware {
  readonly #core: MicroscopeCore;
  readonly #limitMs: number;
  readonly #clock: Clock;
  #last: AcquisitionEvent | undefined;
  #lastZ: number | undefined;
  #lastCamera: string | undefined;
  /** What autofocus found, by position: how far the focus lies above the planned z, µm. */
  readonly #focusShifts = new Map<number | string | undefined, number>();
  /** While the shutter is held open: whether it opens by itself otherwise. */
  #autoShutterBefore: boolean | undefined;
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
    await this.#setSlm(first);
    for (const [device, property, value] of first.properties ?? [])
      await this.#try(`setting ${device} ${property}`, () => this.#core.setProperty(device, property, value));
    await this.#setChip(first, last);
    await this.#holdShutter(first);
    this.#last = { ...last, ...events[events.length - 1]! };
    this.#lastCamera = first.camera;
    this.#forgetPlayed(events);
  }

  /** The focus drive, and the autofocus where the event asks for it. @throws {VitrineError} device, timeout */
  async setFocus(events: readonly AcquisitionEvent[]): Promise<void> {
    const first = events[0]!.z;
    if (first !== undefined) {
      const planned = filled(
        events.map(({ z }) => z),
        first,
      );
      const shiftOf = ({ axes }: AcquisitionEvent) => this.#focusShifts.get(axes.position) ?? 0;
      await this.#setZ(planned.map((z, i) => z + shiftOf(events[i]!)));
    }
    if (events[0]!.autofocus !== undefined) await this.#focus(events[0]!);
  }

  /** After an exposure, or after all: ends hardware sequences and, unless the event keeps it open, closes the shutter. */
  async finish(event?: AcquisitionEvent): Promise<void> {
    const running = this.#running;
    this.#running = [];
    await this.#stopAll(running);
    const isAutomatic = this.#autoShutterBefore;
    if (isAutomatic === undefined || event?.keep_shutter_open === true) return;
    this.#autoShutterBefore = undefined;
    await this.#try("closing the shutter", async () => {
      await this.#core.setShutterOpen(false);
      await this.#core.setAutoShutter(isAutomatic);
    });
  }

  /** An exposure ended early: nobody knows how far the devices came. */
  forgetPositions(): void {
    this.#last = undefined;
    this.#lastZ = undefined;
  }

  /** After a sequence, devices stand where their makers want, at its end or its start. */
  #forgetPlayed(events: readonly AcquisitionEvent[]): void {
    if (events.length === 1) return;
    const { x, y, exposure, config_group, ...rest } = this.#last!;
    const presets = new Set(events.flatMap((event) => event.config_group?.[1] ?? []));
    this.#last = {
      ...rest,
      ...(varies(events, "x") || varies(events, "y") ? {} : definedOf({ x, y })),
      ...(varies(events, "exposure") ? {} : definedOf({ exposure })),
      ...(presets.size > 1 ? {} : definedOf({ config_group })),
    };
  }

  /** Stops what plays, all of it, and then tells of the first that did not stop. */
  async #stopAll(running: readonly RunningSequence[]): Promise<void> {
    let failure: { readonly error: unknown } | undefined;
    for (const stop of running) {
      try {
        await this.#try("stopping a hardware sequence", stop);
      } catch (error) {
        failure ??= { error };
      }
    }
    if (failure !== undefined) throw failure.error;
  }

  /** Runs the autofocus; images at the same position follow what it found. @throws missing, unsupported: no such autofocus */
  async #focus({ axes, autofocus = {} }: AcquisitionEvent): Promise<void> {
    const { offset, device, maxRetries } = autofocus;
    const known = await this.#core.getAutoFocusDevice();
    if (known === "") throw noDevice("autofocus", "autofocus");
    if (device !== undefined && device !== known) throw otherAutofocus(device, known);
    if (offset !== undefined)
      await this.#try("setting the autofocus offset", () => this.#core.setAutoFocusOffset(offset));
    const drive = await this.#core.getFocusDevice();
    const before = await this.#core.getPosition(drive);
    const tries = maxRetries === undefined ? TRIES : maxRetries + 1;
    await this.#try("autofocus", () => this.#core.fullFocus(), tries);
    const shift = (await this.#core.getPosition(drive)) - before;
    this.#focusShifts.set(axes.position, (this.#focusShifts.get(axes.position) ?? 0) + shift);
    this.#lastZ = undefined;
  }

  /** Does something with an event's camera as the current one. */
  async #withCamera({ camera }: AcquisitionEvent, act: () => Promise<void>): Promise<void> {
    const current = await this.#core.getCameraDevice();
    if (camera === undefined || camera === current) return act();
    await this.#core.setCameraDevice(camera);
    try {
      await act();
    } finally {
      await this.#core.setCameraDevice(current);
    }
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
    const names = filled(
      events.map((event) => event.config_group?.[1]),
      preset[1],
    );
    if (new Set(names).size > 1) await this.#playPresets(names, preset[0]);
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
    const { exposure, camera: own } = events[0]!;
    if (exposure === undefined) return;
    if (!varies(events, "exposure")) {
      if (exposure !== last.exposure || own !== this.#lastCamera)
        await this.#try("setting the exposure", () =>
          this.#withCamera(events[0]!, () => this.#core.setExposure(exposure)),
        );
      return;
    }
    const camera = own ?? (await this.#core.getCameraDevice());
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

  async #setChip(event: AcquisitionEvent, last: AcquisitionEvent): Promise<void> {
    const { roi, camera } = event;
    if (roi === undefined) return;
    const isSet = camera === this.#lastCamera && JSON.stringify(roi) === JSON.stringify(last.roi);
    // a property or preset may have undone it: binning, the size of the chip, the type of pixels
    const mayBeUndone = event.properties !== undefined || changesPreset(event, last);
    if (isSet && !mayBeUndone) return;
    await this.#try("setting the region of interest", () =>
      this.#withCamera(event, () => this.#core.setROI(roi.x, roi.y, roi.width, roi.height)),
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
    this.#lastZ = positions.every((z) => z === last) ? last : undefined;
  }

  async #holdShutter({ keep_shutter_open }: AcquisitionEvent): Promise<void> {
    if (keep_shutter_open !== true || this.#autoShutterBefore !== undefined) return;
    this.#autoShutterBefore = (await this.#core.getProperty("Core", "AutoShutter")) === "1";
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
  async #try(what: string, command: () => Promise<void>, tries = TRIES): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await withTimeout(command(), what, this.#limitMs);
      } catch (error) {
        const retriable = error instanceof VitrineError && error.code === "device";
        if (!retriable || attempt >= tries) {
          this.#last = undefined;
          this.#lastZ = undefined;
          throw error;
        }
        await this.#clock.sleep(MS_BETWEEN_TRIES);
      }
    }
  }
}

/** Settings without those that are not there. */
function definedOf<T extends object>(settings: T): { [K in keyof T]?: NonNullable<T[K]> } {
  const entries = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: NonNullable<T[K]> };
}

function changesPreset({ config_group: now }: AcquisitionEvent, { config_group: before }: AcquisitionEvent) {
  return now !== undefined && now.join("\n") !== before?.join("\n");
}

function varies(events: readonly AcquisitionEvent[], key: "x" | "y" | "exposure"): boolean {
  return events.some((event) => event[key] !== undefined && event[key] !== events[0]![key]);
}

/** Values of a setting that stays as it was where an event leaves it out. */
function filled<T>(values: readonly (T | undefined)[], first: T): T[] {
  let last = first;
  return values.map((value) => {
    last = value ?? last;
    return last;
  });
}

function otherAutofocus(found: string, known: string): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: "event autofocus.device",
    expected: `the microscope's autofocus, ${known}`,
    found,
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
