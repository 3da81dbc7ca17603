import type { RunOptions } from "../../compute/index.ts";
import { createRegions, type Regions, regionBytes, type WorkerPool } from "../../compute/kernels/index.ts";
import { type BoxInputs, boxMapJob } from "./boxJob.ts";
import { boxTeams, membersOf } from "./boxTeams.ts";
import type { BoxMethod, BoxSize } from "./boxTypes.ts";
import type { CorrelationShape } from "./correlationJob.ts";
import {
  addressesOf,
  linePlanSizes,
  spectrumBytes,
  type TemplateSpectrum,
  teamBytes,
  templateSource,
  writeLinePlans,
} from "./correlationLayout.ts";

/** Boxes searched as micrographs are: whole correlation maps by Fourier transforms. For boxes much larger than the template. */
export class BoxMaps implements BoxMethod {
  readonly bytes: number;
  readonly #pool: WorkerPool;
  readonly #size: BoxSize;
  readonly #shape: CorrelationShape;
  readonly #template: TemplateSpectrum;
  readonly #plans: Regions<keyof ReturnType<typeof linePlanSizes>>;
  readonly #teams: Regions<"spectrum" | keyof ReturnType<typeof teamBytes>>[];

  constructor(pool: WorkerPool, size: BoxSize, shape: CorrelationShape, template: TemplateSpectrum) {
    this.#pool = pool;
    this.#size = size;
    this.#shape = shape;
    this.#template = template;
    const teams = boxTeams(size.boxes, pool.workers);
    this.#plans = createRegions(pool, linePlanSizes(shape));
    this.#teams = Array.from({ length: teams }, () =>
      createRegions(pool, bytesOfTeam(size, shape, membersOf(pool.workers, teams))),
    );
    const all = [this.#plans, ...this.#teams];
    this.bytes = all.reduce((sum, { bytes }) => sum + bytes, 0);
    writeLinePlans(pool, this.#plans.address, shape);
  }

  async run(inputs: BoxInputs, options: RunOptions): Promise<void> {
    const { orientations, filters } = this.#size;
    const addresses = { rotations: inputs.rotations, filters: 0, ...this.#plans.address };
    const correlation = {
      firstBlock: 0,
      lastBlock: 0,
      shape: this.#shape,
      teams: this.#teams.map((regions) => addressesOf(regions.address)),
      volume: this.#template.address,
      spectrum: 0,
      ...templateSource(this.#size, addresses),
      templateCount: orientations * filters,
    };
    const spectra = this.#teams.map((regions) => regions.address.spectrum);
    const task = { ...inputs, correlation, spectra };
    await this.#pool.run(boxMapJob, task, { ...options, teams: this.#teams.length });
  }

  dispose(): void {
    this.#plans.dispose();
    for (const regions of this.#teams) regions.dispose();
  }
}

/** Bytes that {@link BoxMaps} takes. */
export function boxMapBytes(size: BoxSize, shape: CorrelationShape, workers: number): number {
  const teams = boxTeams(size.boxes, workers);
  const team = regionBytes(bytesOfTeam(size, shape, membersOf(workers, teams)));
  return regionBytes(linePlanSizes(shape)) + teams * team;
}

function bytesOfTeam(size: BoxSize, shape: CorrelationShape, members: number) {
  return { ...teamBytes(size, shape, members), spectrum: spectrumBytes(shape) };
}
