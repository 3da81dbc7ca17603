import { useMemo } from "react";
import { computeCtf, hasOddAberrations, type OpticsParameters } from "../../../optics/index.ts";
import { LineChart } from "../charts/LineChart.tsx";
import { NumberCanvas } from "../NumberCanvas.tsx";
import type { SearchOptics } from "./api.ts";

interface CtfPanelProps {
  readonly optics: SearchOptics;
  /** Added to both defocus values, Å. */
  readonly relativeDefocusA: number;
}

/** Points of the curves. */
const POINTS = 256;
/** Side of the picture. */
const SIDE = 128;

/** The contrast transfer of a particle: along both axes of its astigmatism, and over all directions. */
export function CtfPanel({ optics, relativeDefocusA }: CtfPanelProps) {
  const { pixelSizeA, defocusUA, defocusVA, astigmatismAngleDeg } = optics;
  const curves = useMemo(() => curvesOf(optics, relativeDefocusA), [optics, relativeDefocusA]);
  const picture = useMemo(() => pictureOf(optics, relativeDefocusA), [optics, relativeDefocusA]);
  const [major, minor] = [Math.max(defocusUA, defocusVA), Math.min(defocusUA, defocusVA)];
  const isRound = major === minor;
  const text = (defocusA: number) => `${((defocusA + relativeDefocusA) / 1e4).toFixed(3)} µm`;
  const left = notDrawn(optics);
  return (
    <>
      <h2>CTF</h2>
      {left.length > 0 && <p className="note">Not drawn: {left.join(", ")}.</p>}
      <LineChart
        title="Contrast transfer by spatial frequency"
        x={{ title: "1/Å", range: [0, 0.5 / pixelSizeA] }}
        y={{ title: "CTF", range: [-1, 1] }}
        lines={[
          { title: `defocus ${text(major)}`, color: "one", ...curves.major },
          ...(isRound ? [] : [{ title: text(minor), color: "two" as const, ...curves.minor }]),
        ]}
      />
      <div className="number-pictures">
        <NumberCanvas
          label="Contrast transfer over all directions, zero frequency in the middle"
          data={picture}
          width={SIDE}
          height={SIDE}
          limits={[-1, 1]}
          caption={
            isRound
              ? "no astigmatism"
              : `astigmatism ${(major - minor).toFixed(0)} Å at ${astigmatismAngleDeg.toFixed(1)}°`
          }
        />
      </div>
    </>
  );
}

/** Along the axis of each defocus. */
function curvesOf(optics: SearchOptics, relativeDefocusA: number) {
  const { pixelSizeA } = optics;
  const curve = (defocusA: number) => {
    const round = { ...plain(optics), defocusUA: defocusA, defocusVA: defocusA };
    const { data } = computeCtf(round, {
      shape: [1, 2 * POINTS],
      pixelSizeA,
      defocusOffsetsA: [relativeDefocusA],
    });
    const x = Float64Array.from({ length: POINTS + 1 }, (_, i) => i / (2 * POINTS * pixelSizeA));
    return { x, y: data.slice(0, POINTS + 1) };
  };
  const { defocusUA, defocusVA } = optics;
  return { major: curve(Math.max(defocusUA, defocusVA)), minor: curve(Math.min(defocusUA, defocusVA)) };
}

/** All directions, (SIDE, SIDE), the half plane put together. */
function pictureOf(optics: SearchOptics, relativeDefocusA: number): Float32Array {
  const { pixelSizeA } = optics;
  const { data } = computeCtf(plain(optics), {
    shape: [SIDE, SIDE],
    pixelSizeA,
    defocusOffsetsA: [relativeDefocusA],
  });
  const half = SIDE / 2;
  const wrap = (index: number) => (index + SIDE) % SIDE;
  return Float32Array.from({ length: SIDE * SIDE }, (_, i) => {
    const [ky, kx] = [Math.floor(i / SIDE) - half, (i % SIDE) - half];
    return kx < 0 ? data[wrap(-ky) * (half + 1) - kx] : data[wrap(ky) * (half + 1) + kx];
  });
}

/** What makes a CTF complex, and is no contrast. */
const ODD = {
  oddZernikes: "odd Zernikes",
  beamTiltMrad: "beam tilt",
  laserPhasePlate: "laser phase plate",
} as const;

/** What of the optics is not drawn, in words. */
function notDrawn(optics: OpticsParameters): string[] {
  if (!hasOddAberrations(optics)) return [];
  return Object.entries(ODD).flatMap(([field, word]) => (field in optics ? [word] : []));
}

/** What a CTF is made of, without what makes it complex. */
function plain({ label, mtfFile, pixelSizeA, ...optics }: SearchOptics): OpticsParameters {
  if (!hasOddAberrations(optics)) return optics;
  const { oddZernikes, beamTiltMrad, laserPhasePlate, ...even } = optics;
  return even;
}
