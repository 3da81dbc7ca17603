import { type CSSProperties, useMemo } from "react";
import { innerEnds } from "../NumberCanvas.tsx";
import { useAnswer } from "../useAnswer.ts";
import type { Choices } from "../useChoices.ts";
import { askSlice, type MoleculeRows, type VolumeFacts } from "./api.ts";
import { MoleculeMarks } from "./MoleculeMarks.tsx";
import { Plane } from "./Plane.tsx";
import { chooseVoxel, voxelAt } from "./planeState.ts";
import { type Axis, PLANES, windowAbout } from "./planes.ts";

interface PlanesViewProps {
  readonly volume: VolumeFacts;
  readonly rows: MoleculeRows | undefined;
  readonly shown: readonly number[];
  readonly chosen: number | undefined;
  readonly choices: Choices;
  /** nm/voxel; undefined: nobody knows, and molecules have no place. */
  readonly scale: number | undefined;
  readonly hasMolecules: boolean;
  readonly onChoose: (index: number) => void;
  readonly onError: (message: string) => void;
}

/** Reach of molecules about a plane where nothing is chosen, nm. */
export const REACH_NM = 5;
/** Length of arrows as a share of what is seen. */
const ARROW = 0.07;

/** Three planes of a volume that meet in one voxel, with molecules where they lie. */
export function PlanesView(props: PlanesViewProps) {
  const { volume, rows, shown, chosen, choices, scale, hasMolecules, onChoose, onError } = props;
  const at = voxelAt(choices, volume, !hasMolecules);
  const side = hasMolecules ? choices.number("window") : undefined;
  const key = JSON.stringify([at, side, volume.shape]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key has them
  const window = useMemo(() => windowAbout(volume.shape, at, side), [key]);
  const limits = useLimits(volume, choices.number("contrast") ?? 1, onError);
  const [depth, height, width] = window.map(([from, to]) => to - from);
  const axis = (choices.text("axis") ?? "z") as Axis;
  return (
    <div className="frames planes-box">
      <section
        className="planes"
        aria-label={`Planes of ${volume.name}`}
        style={
          {
            gridTemplateColumns: `${width}fr ${depth}fr`,
            gridTemplateRows: `${height}fr ${depth}fr`,
            "--ratio": (width + depth) / (height + depth),
          } as CSSProperties
        }
      >
        {PLANES.map((plane) => (
          <Plane
            key={plane.axis}
            {...{ plane, volume, at, window, limits, onError }}
            scale={hasMolecules ? scale : (volume.scale ?? scale)}
            onAt={(next) => chooseVoxel(choices, next, !hasMolecules)}
          >
            {hasMolecules && rows !== undefined && scale !== undefined && (
              <MoleculeMarks
                {...{ rows, shown, plane, at, scale, axis, chosen, onChoose }}
                reachNm={choices.number("reach") ?? REACH_NM}
                length={ARROW * Math.max(width, height)}
              />
            )}
          </Plane>
        ))}
      </section>
    </div>
  );
}

/** Black and white: ends of the middle section, closer or wider by the contrast. */
function useLimits(volume: VolumeFacts, contrast: number, onError: (message: string) => void) {
  const answer = useAnswer(
    volume.at,
    (signal) => askSlice({ at: volume.at, axis: "z", index: volume.shape[0] >> 1, most: 512 }, signal),
    onError,
  );
  return useMemo(() => {
    const data = answer?.data;
    if (data === undefined) return undefined;
    const [low, high] = innerEnds(data);
    const [middle, half] = [(low + high) / 2, (high - low) / 2 / contrast];
    return [middle - half, middle + half] as const;
  }, [answer, contrast]);
}
