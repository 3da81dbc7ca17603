import type { AcquisitionEvent } from "../events/event.ts";
import type { ConfigSetting, MicroscopeCore } from "../microscope.ts";

/** What changes between two events, and whether the hardware can play such changes by itself. */
type CoreQueries = Pick<
  MicroscopeCore,
  | "getConfigData"
  | "getCameraDevice"
  | "getFocusDevice"
  | "getXYStageDevice"
  | "getExposureSequenceMaxLength"
  | "getStageSequenceMaxLength"
  | "getXYStageSequenceMaxLength"
  | "getPropertySequenceMaxLength"
>;

/** A sequence that plays nothing but the camera; longer ones are played in parts. */
export const LONGEST_SEQUENCE = 10_000;

/**
 * Decides which events the hardware can play without the computer. Answers of the devices are asked for once.
 *
 * Source: the rules of Pycro-Manager 1.0.2 (`Engine.is_sequencable`), with what it leaves out: events that set properties,
 * a light modulator, a camera, the autofocus or a part of the chip are never joined, and neither is one that must wait.
 */
export class SequenceRules {
  readonly #core: CoreQueries;
  readonly #lengths = new Map<string, Promise<number>>();
  readonly #presets = new Map<string, Promise<readonly ConfigSetting[]>>();
  /** How long sequences may become, by what varies in them. */
  readonly #limits = new WeakMap<readonly AcquisitionEvent[], number>();

  constructor(core: CoreQueries) {
    this.#core = core;
  }

  /** Whether `next` can be played after `events`, which were joined one by one. */
  async canJoin(events: readonly AcquisitionEvent[], next: AcquisitionEvent): Promise<boolean> {
    const last = events[events.length - 1]!;
    if (standsAlone(last) || standsAlone(next)) return false;
    if (mustWait(events[0]!, next) || !sameSettings(last, next) || setsMore(last, next)) return false;
    // what varied before goes on being played
    let limit = this.#limits.get(events) ?? LONGEST_SEQUENCE;
    for (const changed of changesBetween(last, next))
      limit = Math.min(limit, await this.#longest(changed, last, next));
    if (events.length + 1 > limit) return false;
    this.#limits.set(events, limit);
    return true;
  }

  async #longest(changed: Change, last: AcquisitionEvent, next: AcquisitionEvent): Promise<number> {
    const core = this.#core;
    switch (changed) {
      case "exposure":
        return this.#once(`exposure\n${next.camera ?? ""}`, async () =>
          longestOf(next.camera ?? (await core.getCameraDevice()), (camera) =>
            core.getExposureSequenceMaxLength(camera),
          ),
        );
      case "z":
        return this.#once("z", async () =>
          longestOf(await core.getFocusDevice(), (stage) => core.getStageSequenceMaxLength(stage)),
        );
      case "xy":
        return this.#once("xy", async () =>
          longestOf(await core.getXYStageDevice(), (stage) => core.getXYStageSequenceMaxLength(stage)),
        );
      case "preset":
        return this.#longestPreset(last.config_group!, next.config_group!);
    }
  }

  /** The shortest sequence among the properties that differ; presets of different properties cannot be played. */
  async #longestPreset(from: readonly [string, string], to: readonly [string, string]): Promise<number> {
    if (from[0] !== to[0]) return 0;
    const [before, after] = await Promise.all([this.#preset(from), this.#preset(to)]);
    const old = new Map(before.map(([device, property, value]) => [`${device}\n${property}`, value]));
    if (old.size !== after.length) return 0;
    let longest = Number.POSITIVE_INFINITY;
    for (const [device, property, value] of after) {
      const key = `${device}\n${property}`;
      if (!old.has(key)) return 0;
      if (old.get(key) === value) continue;
      const length = await this.#once(key, () => this.#core.getPropertySequenceMaxLength(device, property));
      longest = Math.min(longest, length);
    }
    return longest;
  }

  #once(key: string, ask: () => Promise<number>): Promise<number> {
    const answer = this.#lengths.get(key) ?? ask();
    this.#lengths.set(key, answer);
    return answer;
  }

  #preset([group, preset]: readonly [string, string]): Promise<readonly ConfigSetting[]> {
    const key = `${group}\n${preset}`;
    const answer = this.#presets.get(key) ?? this.#core.getConfigData(group, preset);
    this.#presets.set(key, answer);
    return answer;
  }
}

/** A device that is not there plays nothing: its events are run one by one, and the first says which device is missing. */
async function longestOf(device: string, ask: (device: string) => Promise<number>): Promise<number> {
  return device === "" ? 0 : ask(device);
}

/** Whether a setting begins in the middle: nobody knows the value before it. */
function setsMore(last: AcquisitionEvent, next: AcquisitionEvent): boolean {
  const keys = ["exposure", "z", "x", "y", "config_group"] as const;
  return keys.some((key) => last[key] === undefined && next[key] !== undefined);
}

type Change = "exposure" | "z" | "xy" | "preset";

/** What an event sets that no hardware sequence can carry. */
function standsAlone(event: AcquisitionEvent): boolean {
  return (
    event.stage_positions !== undefined ||
    event.properties !== undefined ||
    event.slm_pattern !== undefined ||
    event.autofocus !== undefined ||
    event.no_image === true ||
    event.reset_event_timer === true
  );
}

function mustWait(first: AcquisitionEvent, next: AcquisitionEvent): boolean {
  return next.min_start_time !== undefined && next.min_start_time !== (first.min_start_time ?? 0);
}

/** Settings that hold for a whole sequence. */
function sameSettings(a: AcquisitionEvent, b: AcquisitionEvent): boolean {
  return (
    a.camera === b.camera &&
    a.keep_shutter_open === b.keep_shutter_open &&
    JSON.stringify(a.roi) === JSON.stringify(b.roi)
  );
}

function changesBetween(a: AcquisitionEvent, b: AcquisitionEvent): Change[] {
  const changes: Change[] = [];
  if (differ(a.exposure, b.exposure)) changes.push("exposure");
  if (differ(a.z, b.z)) changes.push("z");
  if (differ(a.x, b.x) || differ(a.y, b.y)) changes.push("xy");
  if (b.config_group !== undefined && differ(a.config_group?.join("\n"), b.config_group.join("\n")))
    changes.push("preset");
  return changes;
}

/** A setting that is left out stays as it is. */
function differ(a: number | string | undefined, b: number | string | undefined): boolean {
  return b !== undefined && a !== b;
}
