import { type Device, decimal, type Property, refused, Sequence, variable } from "./devices.ts";
import type { CameraSettings, Roi } from "./exposureProgram.ts";

interface CameraOptions {
  readonly label: string;
  /** Which of the cameras it is. */
  readonly order: number;
  readonly isNoisy: boolean;
  readonly sequenceMaxLength: number;
}

const PIXEL_TYPES = ["8bit", "16bit", "32bitRGB"] as const;
const BIT_DEPTHS = ["8", "10", "12", "14", "16"] as const;

/** The demo camera's settings. Pixel type, bits, binning and region belong together as in MMCore's demo camera. */
export class Camera implements Device {
  readonly label: string;
  readonly properties: readonly Property[];
  /** Of exposures, ms. */
  readonly exposures: Sequence<number>;
  readonly #options: CameraOptions;
  readonly #readNoise = variable("ReadNoise (electrons)", "1.6000", { limits: [0, 50] });
  readonly #offset = variable("Offset", "100", { limits: [0, 1000], isWhole: true });
  readonly #pattern = variable("Pattern", "Specimen", { allowed: ["Specimen", "Stamp"] });
  #isExposing: () => boolean = () => false;
  #pixelType: (typeof PIXEL_TYPES)[number] = "16bit";
  #bitDepth = 16;
  #binning = 1;
  #exposureMs = 10;
  #chip = { width: 512, height: 512 };
  #roi: Roi | undefined;

  constructor(options: CameraOptions) {
    this.label = options.label;
    this.#options = options;
    this.exposures = new Sequence<number>(options.label, options.sequenceMaxLength);
    const properties = [...this.#formats(), ...this.#sizes(), this.#readNoise, this.#offset, this.#pattern];
    this.properties = properties.map((property) => this.#guarded(property));
  }

  /** Until this says no, properties cannot be set. */
  refuseWhile(isExposing: () => boolean): void {
    this.#isExposing = isExposing;
  }

  get exposureMs(): number {
    return this.#exposureMs;
  }

  /** Width and height of an image of the whole chip. */
  get #whole(): Roi {
    const { width, height } = this.#chip;
    return {
      x: 0,
      y: 0,
      width: Math.max(1, Math.floor(width / this.#binning)),
      height: Math.max(1, Math.floor(height / this.#binning)),
    };
  }

  /** Keeps only a part of the image, in binned pixels. @throws {VitrineError} device: not within the image */
  setRoi(roi: Roi | undefined): void {
    this.#checkIdle("region");
    const { width, height } = this.#whole;
    const isWhole = roi === undefined || Object.values(roi).every((value) => Number.isInteger(value));
    const fits =
      roi === undefined ||
      (roi.x >= 0 &&
        roi.y >= 0 &&
        roi.width > 0 &&
        roi.height > 0 &&
        roi.x + roi.width <= width &&
        roi.y + roi.height <= height);
    if (!isWhole || !fits)
      throw refused(
        `${this.label} region`,
        `whole pixels within ${width} x ${height}`,
        `${roi?.width} x ${roi?.height} at ${roi?.x}, ${roi?.y}`,
      );
    this.#roi = roi;
  }

  settings(): CameraSettings {
    const roi = this.#roi ?? this.#whole;
    const played = this.exposures.played;
    return {
      label: this.label,
      order: this.#options.order,
      layout: {
        width: roi.width,
        height: roi.height,
        channels: this.#pixelType === "32bitRGB" ? 3 : 1,
        dtype: this.#pixelType === "16bit" ? "uint16" : "uint8",
      },
      pattern: this.#pattern.get() === "Stamp" ? "Stamp" : "Specimen",
      sensor: {
        bitDepth: this.#bitDepth,
        offset: Number(this.#offset.get()),
        readNoise: Number(this.#readNoise.get()),
        isNoisy: this.#options.isNoisy,
      },
      binning: this.#binning,
      chipWidth: this.#chip.width,
      chipHeight: this.#chip.height,
      roi,
      exposureMs: this.#exposureMs,
      ...(played === undefined ? {} : { exposures: played }),
    };
  }

  #formats(): Property[] {
    return [
      {
        name: "PixelType",
        allowed: PIXEL_TYPES,
        get: () => this.#pixelType,
        set: (value) => this.#setPixelType(PIXEL_TYPES.find((type) => type === value) ?? "16bit"),
      },
      {
        name: "BitDepth",
        allowed: BIT_DEPTHS,
        get: () => String(this.#bitDepth),
        set: (value) => {
          this.#bitDepth = Number(value);
          if (this.#bitDepth > 8) this.#pixelType = "16bit";
          else if (this.#pixelType === "16bit") this.#pixelType = "8bit";
        },
      },
      {
        name: "Exposure",
        limits: [0, 600_000],
        get: () => decimal(this.#exposureMs),
        set: (value) => {
          this.#exposureMs = Number(value);
        },
      },
    ];
  }

  #setPixelType(type: (typeof PIXEL_TYPES)[number]): void {
    this.#pixelType = type;
    if (type !== "16bit") this.#bitDepth = 8;
    else if (this.#bitDepth === 8) this.#bitDepth = 16;
  }

  /** Whatever changes the image's size forgets the region. */
  #sizes(): Property[] {
    const side = (name: string, axis: "width" | "height"): Property => ({
      name,
      limits: [1, 16_384],
      isWhole: true,
      get: () => String(this.#chip[axis]),
      set: (value) => {
        this.#chip = { ...this.#chip, [axis]: Number(value) };
        this.#roi = undefined;
      },
    });
    const binning: Property = {
      name: "Binning",
      allowed: ["1", "2", "4", "8"],
      get: () => String(this.#binning),
      set: (value) => {
        this.#binning = Number(value);
        this.#roi = undefined;
      },
    };
    return [binning, side("OnCameraCCDXSize", "width"), side("OnCameraCCDYSize", "height")];
  }

  #guarded(property: Property): Property {
    const set = property.set;
    if (set === undefined) return property;
    return {
      ...property,
      set: (value) => {
        this.#checkIdle(property.name);
        set(value);
      },
    };
  }

  #checkIdle(what: string): void {
    if (this.#isExposing())
      throw refused(`${this.label} ${what}`, "the camera to be idle", "that it is exposing");
  }
}
