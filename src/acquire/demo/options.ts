import { z } from "zod";
import type { Clock } from "../clock.ts";
import type { PlantedImage } from "./planted.ts";
import type { Specimen } from "./specimen.ts";

const count = z.int().min(0);

/** A failure at a fixed point. Numbers count from 0 over the life of the microscope: frames, moves of any stage, writes of a property. */
const fault = z.discriminatedUnion("kind", [
  /** The frame is exposed and lost. */
  z.strictObject({ kind: z.literal("dropFrame"), frame: count }),
  /** The camera fails instead of giving the frame. */
  z.strictObject({ kind: z.literal("cameraError"), frame: count }),
  /** The frame and those after it never come; the camera says nothing. */
  z.strictObject({ kind: z.literal("cameraStall"), frame: count }),
  /** The stage never arrives: it stays busy until somebody waited for it in vain. */
  z.strictObject({ kind: z.literal("stageTimeout"), move: count }),
  /** The stage refuses this move and those after it, `times` in all. */
  z.strictObject({ kind: z.literal("stageError"), move: count, times: z.int().min(1).default(1) }),
  /** The device refuses this write and those after it, `times` in all. */
  z.strictObject({
    kind: z.literal("propertyError"),
    device: z.string(),
    property: z.string(),
    write: count.default(0),
    times: z.int().min(1).default(1),
  }),
  /** The autofocus finds nothing. */
  z.strictObject({ kind: z.literal("autofocusError"), run: count, times: z.int().min(1).default(1) }),
]);

const range = z.tuple([z.number(), z.number()]).readonly();
const maxLength = count.default(1024);

/** The specimen as JSON can say it; all parts may be left out. */
const cells = z.strictObject({
  kind: z.literal("cells").default("cells"),
  /** On the average; they grow in patches, and wells differ. */
  cellsPerMm2: z.number().min(0).max(1400).default(600),
  /** Cells lie in the wells of this plate only; without it, everywhere. */
  plate: z
    .strictObject({
      wells: z.union([z.literal(24), z.literal(96)]),
      a1CenterUm: range.default([0, 0]),
    })
    .optional(),
});

const focus = z.strictObject({
  offsetUm: z.number().default(0),
  tiltUmPerMm: range.default([1.5, -0.8]),
  waveUm: z.number().default(2),
});

const stages = z.strictObject({
  xLimitsUm: range.default([-150_000, 150_000]),
  yLimitsUm: range.default([-150_000, 150_000]),
  zLimitsUm: range.default([-1000, 1000]),
  xySpeedUmPerS: z.number().positive().default(40_000),
  zSpeedUmPerS: z.number().positive().default(2_000),
});

const sequences = z.strictObject({ exposure: maxLength, z: maxLength, xy: maxLength, property: maxLength });

/** The part of {@link DemoMicroscopeOptions} that a file may hold. */
export const demoMicroscopeOptions = z.strictObject({
  /** Specimen and noise follow from it. */
  seed: z.int().default(1),
  specimen: cells.prefault({}),
  /** The focal surface. */
  focus: focus.prefault({}),
  /** Exposure after which 1/e of a place's colour is left, ms; 0: no bleaching. */
  bleachingMs: z.number().min(0).default(60_000),
  /** Noise of photons and camera. */
  noise: z.boolean().default(true),
  /** In the specimen, at 10X and binning 1. */
  pixelSizeUm: z.number().positive().default(0.65),
  /** Labels; each is a camera of its own. */
  cameras: z.array(z.string().min(1)).min(1).default(["Camera"]),
  /** Set at the start, by device and property: `{ Camera: { OnCameraCCDXSize: 2048 } }`. */
  properties: z
    .record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .default({}),
  /** Frames that the ring holds. */
  slots: z.int().min(1).max(4096).default(16),
  /** When a frame's time has come and no slot is free: end with an error, or lose the frame and count it. */
  onOverflow: z.enum(["error", "drop"]).default("error"),
  /** Make the frames of sequences on a thread; default: where the platform can and the clock is the system's. */
  cameraThread: z.boolean().optional(),
  /** How many values the devices can play by themselves; 0: none. */
  sequenceMaxLength: sequences.prefault({}),
  stages: stages.prefault({}),
  /** The longest wait for a device, ms. */
  deviceTimeoutMs: z.number().positive().default(5_000),
  faults: z.array(fault).default([]),
});

/** The options with all defaults. */
export type DemoSettings = z.output<typeof demoMicroscopeOptions>;

/** A failure that is asked for. */
export type DemoFault = DemoSettings["faults"][number];

/** Images at stage positions in place of cells. */
export interface PlantedSpecimen {
  readonly kind: "planted";
  /** Photoelectrons per ms in a pixel. */
  readonly background: number;
  readonly images: readonly PlantedImage[];
}

type CellsSpecimen = NonNullable<z.input<typeof demoMicroscopeOptions>["specimen"]>;

/** Options of {@link openDemoMicroscope}; all may be left out. */
export interface DemoMicroscopeOptions extends Omit<z.input<typeof demoMicroscopeOptions>, "specimen"> {
  /** Cells, planted images, or a specimen of one's own (which runs without a camera thread). */
  readonly specimen?: CellsSpecimen | PlantedSpecimen | Specimen;
  /** Default: the system's. */
  readonly clock?: Clock;
}
