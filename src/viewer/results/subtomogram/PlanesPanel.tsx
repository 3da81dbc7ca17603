import type { Choices } from "../useChoices.ts";
import type { ShownFiles, VolumeFacts } from "./api.ts";
import { REACH_NM } from "./PlanesView.tsx";
import { chooseVoxel, voxelAt } from "./planeState.ts";
import { AXES, withPart } from "./planes.ts";

interface PlanesPanelProps {
  readonly volume: VolumeFacts;
  readonly isAverage: boolean;
  readonly files: ShownFiles;
  readonly choices: Choices;
}

/** Sides of what is seen about the crosshair, voxels. */
const WINDOWS = [512, 256, 128, 64];

/** Where the planes are, how much of the volume they show, and how molecules are drawn. */
export function PlanesPanel({ volume, isAverage, files, choices }: PlanesPanelProps) {
  const at = voxelAt(choices, volume, isAverage);
  return (
    <section aria-label="Planes">
      <h2>Planes</h2>
      <div className="actions">
        {(["tomogram", "average"] as const).map((show) => (
          <button
            key={show}
            type="button"
            disabled={files[show] === undefined}
            aria-pressed={(show === "average") === isAverage}
            onClick={() => choices.choose({ show: show === "average" ? show : undefined })}
          >
            {show === "average" ? "Average" : "Tomogram"}
          </button>
        ))}
      </div>
      {AXES.map((axis, i) => (
        <label key={axis} className="limit">
          <input
            type="range"
            aria-label={`Voxel ${axis}`}
            min={0}
            max={volume.shape[i] - 1}
            value={at[i]}
            onChange={(event) =>
              chooseVoxel(choices, withPart(at, axis, event.target.valueAsNumber), isAverage)
            }
          />
          <span>
            {axis} {at[i]}
          </span>
        </label>
      ))}
      <label className="row">
        Contrast
        <input
          type="range"
          min={0.25}
          max={4}
          step={0.05}
          value={choices.number("contrast") ?? 1}
          onChange={(event) => choices.choose({ contrast: event.target.value })}
        />
      </label>
      {!isAverage && <MoleculeChoices longest={Math.max(...volume.shape)} choices={choices} />}
    </section>
  );
}

interface MoleculeChoicesProps {
  /** Longest side of the tomogram, voxels. */
  readonly longest: number;
  readonly choices: Choices;
}

/** How much of the tomogram is seen, and which molecules with which of their axes. */
function MoleculeChoices({ longest, choices }: MoleculeChoicesProps) {
  return (
    <>
      <label className="row">
        Shown
        <select
          value={choices.text("window") ?? ""}
          onChange={(event) => choices.choose({ window: event.target.value || undefined })}
        >
          <option value="">whole volume</option>
          {WINDOWS.filter((side) => side < longest).map((side) => (
            <option key={side} value={side}>
              {side} voxels about the cross
            </option>
          ))}
        </select>
      </label>
      <label className="row">
        Molecules within
        <input
          type="number"
          min={0}
          step={1}
          aria-label="Molecules within, nm of a plane"
          value={choices.number("reach") ?? REACH_NM}
          onChange={(event) => {
            if (event.target.valueAsNumber >= 0) choices.choose({ reach: event.target.value });
          }}
        />
        nm
      </label>
      <label className="row">
        Arrows
        <select
          value={choices.text("axis") ?? "z"}
          onChange={(event) => choices.choose({ axis: event.target.value })}
        >
          {AXES.map((axis) => (
            <option key={axis} value={axis}>
              {axis} axis of the molecule
            </option>
          ))}
        </select>
      </label>
    </>
  );
}
