import { fileExists, formatCsv, parseCsv, readFileBytes } from "../../io/index.ts";
import { likelihoodPaths } from "../files.ts";
import { drawPowerSpectrum } from "../picture/powerPicture.ts";

/** A table and its picture, to be written. */
export interface TableContents {
  readonly csv: string;
  readonly png: Uint8Array;
}

/** The power of noise that a run has measured, of all stacks; undefined where it took noise for white. */
export async function ensembleNoise(folder: string): Promise<TableContents | undefined> {
  const rows: Record<string, number>[] = [];
  for (let stack = 0; ; stack++) {
    const { csv } = likelihoodPaths(folder, 0, stack).noiseTable;
    if (!(await fileExists(csv))) break;
    for (const row of parseCsv(new TextDecoder().decode(await readFileBytes(csv)), csv).rows)
      rows.push({
        stack,
        shell: Number(row.shell),
        resolutionA: Number(row.resolutionA),
        noisePower: Number(row.noisePower),
      });
  }
  if (rows.length === 0) return undefined;
  const shells = rows.filter(({ stack }) => stack === 0);
  const stacks = rows.length / shells.length;
  const power = Float64Array.from(shells, ({ shell }) =>
    Math.exp(
      rows
        .filter((row) => row.shell === shell)
        .reduce((sum, { noisePower }) => sum + Math.log(noisePower) / stacks, 0),
    ),
  );
  const spectrum = { power, resolutionsA: Float64Array.from(shells, ({ resolutionA }) => resolutionA) };
  const title = `power of the noise that images were whitened with, ${stacks === 1 ? "1 stack" : `mean of ${stacks} stacks`}`;
  return {
    csv: formatCsv(["stack", "shell", "resolutionA", "noisePower"], rows),
    png: drawPowerSpectrum(spectrum, title),
  };
}
