import type { ConfigSetting } from "../microscope.ts";
import { FILTERS, WHEELS } from "./exposureProgram.ts";
import { CHANNELS } from "./specimen.ts";

/** Objectives by preset: the turret's label, and the pixel size as a part of that at 10X. */
export const OBJECTIVES = {
  "10X": { label: "Nikon 10X S Fluor", pixelPart: 1 },
  "20X": { label: "Nikon 20X Plan Fluor ELWD", pixelPart: 1 / 2 },
  "40X": { label: "Nikon 40X Plan Fluor ELWD", pixelPart: 1 / 4 },
} as const;

type Presets = Readonly<Record<string, readonly ConfigSetting[]>>;

const CHANNEL_PRESETS: Presets = Object.fromEntries(
  CHANNELS.map((name) => [name, WHEELS.map((wheel) => [wheel, "Label", FILTERS[name][wheel]] as const)]),
);

const OBJECTIVE_PRESETS: Presets = Object.fromEntries(
  Object.entries(OBJECTIVES).map(([name, { label }]) => [name, [["Objective", "Label", label]]]),
);

/** The config groups, with names of Micro-Manager's demo configuration. `camera` is the label of the first camera. */
export function configGroups(camera: string): Readonly<Record<string, Presets>> {
  const resolution = (binning: string, bits: string): readonly ConfigSetting[] => [
    [camera, "Binning", binning],
    [camera, "BitDepth", bits],
  ];
  return {
    Camera: { LowRes: resolution("4", "8"), MedRes: resolution("2", "10"), HighRes: resolution("1", "12") },
    Channel: CHANNEL_PRESETS,
    Objective: OBJECTIVE_PRESETS,
    System: { Startup: [...resolution("1", "16"), ["Objective", "Label", OBJECTIVES["10X"].label]] },
  };
}
