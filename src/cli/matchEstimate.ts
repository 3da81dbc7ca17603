import type { MatchEstimate, Part } from "../match/index.ts";
import { durationText } from "./progress.ts";

/** An estimate of the first micrograph, and what it is multiplied or divided by. */
export interface RunEstimate extends MatchEstimate {
  readonly micrographs: number;
  /** Of each micrograph. */
  readonly tasks: number;
  /** The part whose correlations and hours these are. */
  readonly part?: Part;
  /** Factor of a coarse pass, the time of which this is. */
  readonly coarse?: number;
}

/** Correlations, rate, time, and what would make a search of more than an hour shorter. */
export function estimateText(estimate: RunEstimate): string {
  const { rate, hours, bytes, workers, micrographs } = estimate;
  const lines: [string, string][] = [
    ["correlations", correlationsText(estimate)],
    ["rate", `${rate.toFixed(1)}/s with ${workers} threads (WASM SIMD)`],
    ["time", timeText(estimate)],
  ];
  const all = 3600 * micrographs * hours;
  if (micrographs > 1)
    lines.push(["micrographs", `${micrographs}, each taken to be as the first: ${durationText(all)}`]);
  if (estimate.tasks > 1) lines.push(["tasks", tasksText(estimate)]);
  lines.push(["memory", `${(bytes / 2 ** 30).toFixed(2)} GiB`]);
  if (all > 3600) lines.push(["faster", fasterText(estimate)]);
  return lines.map(([name, text]) => `${name.padEnd(14)}${text}\n`).join("");
}

function correlationsText({ correlations, part, ...estimate }: RunEstimate): string {
  const { orientations, defocusValues, pixelSizes, templates } = estimate;
  const each = templates > 1 ? `, each of ${templates} templates` : "";
  const share = part === undefined ? "" : `, part ${part.index} of ${part.count}`;
  return `${correlations} (${orientations} orientations x ${defocusValues} defocus values x ${pixelSizes} pixel sizes${each}${share})`;
}

function timeText({ hours, coarse }: RunEstimate): string {
  const how = coarse === undefined ? "" : `, with a coarse pass at ${coarse} times the pixel size`;
  const exact =
    hours < 48 ? `${hours.toFixed(2)} h (${durationText(3600 * hours)})` : durationText(3600 * hours);
  return `${exact}${how}`;
}

function tasksText({ hours, micrographs, tasks }: RunEstimate): string {
  const one = (3600 * hours) / tasks;
  const few = `${tasks} a micrograph, on ${tasks} machines like this: ${durationText(micrographs * one)}`;
  return micrographs === 1 ? few : `${few}; on ${tasks * micrographs}: ${durationText(one)}`;
}

/** What would make a long search shorter, the most first; nothing that is asked for already. */
function fasterText({ defocusValues, pixelSizes, coarse, part, tasks, micrographs }: RunEstimate): string {
  const isDivided = tasks > 1 || part !== undefined || (coarse !== undefined && micrographs === 1);
  return [
    ...(coarse === undefined && part === undefined
      ? ["--coarse 2 (about 4 times, for some particles near the threshold)"]
      : []),
    ...(isDivided
      ? []
      : [coarse === undefined ? "--engine slurm --tasks N (N machines)" : "--engine slurm (a machine each)"]),
    ...(defocusValues > 1 ? [`fewer than ${defocusValues} defocus values (in proportion)`] : []),
    ...(pixelSizes > 1 ? [`fewer than ${pixelSizes} pixel sizes (in proportion)`] : []),
    "larger psi_step and theta_step",
  ].join("; ");
}
