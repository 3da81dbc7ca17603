import type { RunOptions } from "../../compute/index.ts";
import {
  createRegions,
  linePlanBytes,
  type Regions,
  regionBytes,
  type WorkerPool,
  writeLinePlan,
} from "../../compute/kernels/index.ts";
import { type BoxInputs, boxMapJob } from "./boxJob.ts";
import { boxTeams, membersOf } from "./boxTeams.ts";
import type { BoxMethod, BoxSize } from "./boxTypes.ts";
import type { CorrelationShape } from "./correlationJob.ts";
import {
  addressesOf,
  spectrumBytes,
  type TemplateSpectrum,
  teamBytes,
  templateSource,
} from "./correlationLayout.ts";

/** Boxes searched as micrographs are: whole correlation maps by Fourier transforms. For boxes much larger than the template. */
export class BoxMaps implements BoxMethod {
  readonly #pool: WorkerPool;
  readonly #size: BoxSize;
  readonly #shape: CorrelationShape;
  readonly #template: TemplateSpectrum;
  readonly #plans: Regions<keyof ReturnType<typeof planBytes>>;
  readonly #teams: Regions<"spectrum" | keyof ReturnType<typeof teamBytes>>[];

  constructor(pool: WorkerPool, size: BoxSize, shape: CorrelationShape, template: TemplateSpectrum) {
    this.#pool = pool;
    this.#size = size;
    this.#shape = shape;
    this.#template = template;
    const teams = boxTeams(size.boxes, pool.workers);
    this.#plans = createRegions(pool, planBytes(shape));
    this.#teams = Array.from({ length: teams }, () =>
      createRegions(pool, bytesOfTeam(size, shape, membersOf(pool.workers, teams))),
    );
    const { templatePlan, rowPlan, columnPlan } = this.#plans.address;
    writeLinePlan(pool.memory.buffer, templatePlan, size.template);
    writeLinePlan(pool.memory.buffer, rowPlan, shape.paddedWidth);
    writeLinePlan(pool.memory.buffer, columnPlan, shape.paddedHeight);
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
  return regionBytes(planBytes(shape)) + teams * team;
}

function planBytes({ n, paddedWidth, paddedHeight }: CorrelationShape) {
  return {
    templatePlan: linePlanBytes(n),
    rowPlan: linePlanBytes(paddedWidth),
    columnPlan: linePlanBytes(paddedHeight),
  };
}

function bytesOfTeam(size: BoxSize, shape: CorrelationShape, members: number) {
  return { ...teamBytes(size, shape, members), spectrum: spectrumBytes(shape) };
}
