import { LineChart } from "../charts/LineChart.tsx";
import type { FolderFacts } from "./api.ts";

interface FscChartProps {
  readonly curve: FolderFacts["curves"][number];
  /** nm/voxel; undefined: nobody knows. */
  readonly scale: number | undefined;
}

/** Where halves are taken to agree no more. */
const THRESHOLD = 0.143;
const COLORS = ["one", "two", "three"] as const;
/** Beyond, only corners of the transform are left. */
const NYQUIST = 0.5;

/** Fourier shell correlation of halves. */
export function FscChart({ curve: { name, frequencies, curves }, scale }: FscChartProps) {
  const count = frequencies.findIndex((frequency) => frequency > NYQUIST);
  const x = frequencies.slice(0, count < 0 ? frequencies.length : count);
  const shown = curves.map((values) => values.slice(0, x.length).map((value) => value ?? Number.NaN));
  const end = crossing(x, shown[0] ?? []);
  return (
    <section aria-label="Fourier shell correlation">
      <h2>Agreement of halves</h2>
      <LineChart
        title="Fourier shell correlation"
        x={{ title: "cycles/voxel", range: [0, NYQUIST] }}
        y={{ title: "correlation", range: [-0.2, 1] }}
        lines={shown.map((y, i) => ({ title: `FSC-${i}`, color: COLORS[i % COLORS.length], x, y }))}
        level={{ title: String(THRESHOLD), y: THRESHOLD }}
      />
      <p className="note">{`${name}: ${resolutionText(end, scale)}`}</p>
    </section>
  );
}

function resolutionText(end: number | undefined, scale: number | undefined): string {
  if (end === undefined) return `above ${THRESHOLD} up to the last shell`;
  const length = scale === undefined ? "" : `, ${(scale / end).toFixed(2)} nm`;
  return `below ${THRESHOLD} from ${end.toFixed(3)} cycles/voxel${length}`;
}

/** Where a curve first falls below the threshold, linear between shells. */
function crossing(x: readonly number[], y: readonly number[]): number | undefined {
  const below = y.findIndex((value) => value < THRESHOLD);
  if (below < 0) return undefined;
  if (below === 0) return x[0];
  const share = (y[below - 1] - THRESHOLD) / (y[below - 1] - y[below]);
  return x[below - 1] + share * (x[below] - x[below - 1]);
}
