import type { Clock } from "../clock.ts";
import type { ExposureRequest } from "../microscope.ts";
import { Camera } from "./camera.ts";
import { OBJECTIVES } from "./configGroups.ts";
import { constant, type Device, DeviceSet, refused, variable } from "./devices.ts";
import { type ExposureProgram, type LightPattern, playedAt, WHEELS } from "./exposureProgram.ts";
import type { DemoSettings } from "./options.ts";
import { Stage } from "./stages.ts";
import { Wheel } from "./wheel.ts";

const DICHROICS = ["400DCLP", "Q505LP", "Q585LP", "89402bs", "Empty"];
const EXCITATIONS = ["Chroma-D360", "Chroma-HQ480", "Chroma-HQ570", "Chroma-HQ620", "Empty"];
const EMISSIONS = ["Chroma-D460", "Chroma-HQ535", "Chroma-HQ620", "Chroma-HQ700", "Empty"];

/** Time that a wheel and the objectives' turret take. */
const WHEEL_MS = 40;
const TURRET_MS = 500;

/** The label of the shutter. */
export const SHUTTER = "White Light Shutter";

/** Pixels of the light modulator. */
export const SLM_SIDE = 64;

/** The devices of a demo microscope and how they stand. */
export class DemoHardware {
  readonly cameras: readonly Camera[];
  readonly z: Stage<readonly [number]>;
  readonly xy: Stage<readonly [number, number]>;
  readonly wheels: Readonly<Record<(typeof WHEELS)[number] | "Objective", Wheel>>;
  readonly devices: DeviceSet;
  readonly autoShutter = variable("AutoShutter", "1", { allowed: ["0", "1"] });
  readonly shutter = variable("State", "0", { allowed: ["0", "1"] });
  readonly focusOffset = variable("Offset", "0.0000", { limits: [-100, 100] });
  readonly currentCamera;
  /** What the light modulator shows; nothing: it lets all light through. */
  pattern: LightPattern | undefined;
  readonly #settings: DemoSettings;
  readonly #clock: Clock;

  constructor(settings: DemoSettings, clock: Clock) {
    this.#settings = settings;
    this.#clock = clock;
    const { cameras, sequenceMaxLength } = settings;
    this.cameras = cameras.map((label, order) => {
      return new Camera({
        label,
        order,
        isNoisy: settings.noise,
        sequenceMaxLength: sequenceMaxLength.exposure,
      });
    });
    this.currentCamera = variable("Camera", cameras[0], { allowed: cameras });
    this.z = this.#makeZ();
    this.xy = this.#makeXY();
    this.wheels = this.#makeWheels();
    this.devices = new DeviceSet([
      ...this.cameras,
      ...Object.values(this.wheels),
      this.z,
      this.xy,
      { label: SHUTTER, properties: [this.shutter] },
      { label: "Autofocus", properties: [this.focusOffset] },
      { label: "SLM", properties: [constant("Width", `${SLM_SIDE}`), constant("Height", `${SLM_SIDE}`)] },
      this.#makeCore(),
    ]);
  }

  /** Of unbinned pixels in the specimen, µm. */
  get pixelSizeUm(): number {
    const objective = Object.values(OBJECTIVES).find(({ label }) => label === this.wheels.Objective.position);
    return this.#settings.pixelSizeUm * (objective?.pixelPart ?? 1);
  }

  /** @throws {VitrineError} missing: no device of this label; device: another kind of device */
  camera(label: string): Camera {
    const camera = this.cameras.find((candidate) => candidate.label === label);
    if (camera !== undefined) return camera;
    this.devices.device(label);
    throw refused(label, `a camera (${this.#settings.cameras.join(", ")})`, "another device");
  }

  /** What an exposure that starts now gives. */
  program(request: ExposureRequest, firstFrame: number): ExposureProgram {
    const labels = request.cameras ?? [this.currentCamera.get()];
    const { Dichroic, Excitation, Emission } = this.wheels;
    const [xUm, yUm] = this.xy.position;
    const playedZ = this.z.sequence.played;
    const playedXY = this.xy.sequence.played;
    return {
      frames: request.frames,
      intervalMs: request.intervalMs ?? 0,
      cameras: labels.map((label) => this.camera(label).settings()),
      firstFrame,
      startMs: this.#clock.now(),
      xUm,
      yUm,
      zUm: this.z.position[0],
      filters: { Dichroic: Dichroic.position, Excitation: Excitation.position, Emission: Emission.position },
      isLit: this.autoShutter.get() === "1" || this.shutter.get() === "1",
      pixelSizeUm: this.pixelSizeUm,
      ...(this.pattern === undefined ? {} : { pattern: this.pattern }),
      ...(playedZ === undefined ? {} : { playedZ: { ...playedZ, values: playedZ.values.map(([um]) => um) } }),
      ...(playedXY === undefined ? {} : { playedXY }),
      playedFilters: WHEELS.flatMap((wheel) => {
        const played = this.wheels[wheel].sequence.played;
        return played === undefined ? [] : [[wheel, played] as const];
      }),
    };
  }

  /** Puts the devices where a program's sequences have brought them after so many time points. */
  follow({ playedZ, playedXY, playedFilters, cameras }: ExposureProgram, points: number): void {
    if (points === 0) return;
    if (playedZ !== undefined) {
      this.z.jumpTo([playedAt(playedZ, points - 1)]);
      this.z.sequence.moveTo(playedZ.cursor + points);
    }
    if (playedXY !== undefined) {
      this.xy.jumpTo(playedAt(playedXY, points - 1));
      this.xy.sequence.moveTo(playedXY.cursor + points);
    }
    for (const [wheel, played] of playedFilters) {
      this.wheels[wheel].jumpTo(playedAt(played, points - 1));
      this.wheels[wheel].sequence.moveTo(played.cursor + points);
    }
    for (const { label, exposures } of cameras)
      if (exposures !== undefined) this.camera(label).exposures.moveTo(exposures.cursor + points);
  }

  #makeZ(): Stage<readonly [number]> {
    const { stages, sequenceMaxLength } = this.#settings;
    return new Stage<readonly [number]>({
      label: "Z",
      clock: this.#clock,
      limitsUm: [stages.zLimitsUm],
      speedUmPerS: stages.zSpeedUmPerS,
      sequenceMaxLength: sequenceMaxLength.z,
      make: (at) => [at(0)],
    });
  }

  #makeXY(): Stage<readonly [number, number]> {
    const { stages, sequenceMaxLength } = this.#settings;
    return new Stage<readonly [number, number]>({
      label: "XY",
      clock: this.#clock,
      limitsUm: [stages.xLimitsUm, stages.yLimitsUm],
      speedUmPerS: stages.xySpeedUmPerS,
      sequenceMaxLength: sequenceMaxLength.xy,
      make: (at) => [at(0), at(1)],
    });
  }

  #makeWheels(): DemoHardware["wheels"] {
    const sequenceMaxLength = this.#settings.sequenceMaxLength.property;
    const common = { clock: this.#clock, moveMs: WHEEL_MS, sequenceMaxLength };
    const objectives = Object.values(OBJECTIVES).map(({ label }) => label);
    return {
      Dichroic: new Wheel({ ...common, label: "Dichroic", labels: DICHROICS }),
      Excitation: new Wheel({ ...common, label: "Excitation", labels: EXCITATIONS }),
      Emission: new Wheel({ ...common, label: "Emission", labels: EMISSIONS }),
      Objective: new Wheel({
        ...common,
        label: "Objective",
        labels: objectives,
        moveMs: TURRET_MS,
        sequenceMaxLength: 0,
      }),
    };
  }

  /** MMCore's own properties. */
  #makeCore(): Device {
    const roles = [
      constant("Focus", "Z"),
      constant("XYStage", "XY"),
      constant("AutoFocus", "Autofocus"),
      constant("SLM", "SLM"),
      constant("Shutter", SHUTTER),
      constant("TimeoutMs", `${this.#settings.deviceTimeoutMs}`),
    ];
    return { label: "Core", properties: [this.currentCamera, this.autoShutter, ...roles] };
  }
}
