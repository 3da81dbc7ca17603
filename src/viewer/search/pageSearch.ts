/** A search in a page: `vitrine match` on what was dropped. */
import { createPool, type Pool } from "../../compute/index.ts";
import type { Image, Volume } from "../../core/index.ts";
import { formatMrc } from "../../io/index.ts";
import {
  formatMatchConfig,
  gaussianCutoff,
  type MatchSettings,
  type MatchTemplateYaml,
  resultMap,
  searchFiles,
  simulateMap,
  TemplateSearch,
  templateFromVolume,
} from "../../match/index.ts";
import type { Dropped } from "./dropped.ts";
import type { Found } from "./protocol.ts";
import type { ZippedFile } from "./zip.ts";

/** What is searched, and how. */
export interface SearchPlan {
  readonly micrograph: Image;
  readonly template: Extract<Dropped, { kind: "map" | "atoms" }>;
  readonly config: MatchTemplateYaml;
  readonly settings: MatchSettings;
  /** Side of the template, voxels. */
  readonly size: number;
}

/** How a search runs. */
export interface SearchRun {
  readonly workers: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, of: number) => void;
}

/** A search that has run; its maps lie in the memory of its threads. Whoever ran it disposes of it. */
export class PageSearch implements AsyncDisposable {
  readonly search: TemplateSearch;
  readonly #pool: Pool;
  readonly #plan: SearchPlan;
  readonly #volume: Volume;

  private constructor(pool: Pool, search: TemplateSearch, parts: { plan: SearchPlan; volume: Volume }) {
    this.#pool = pool;
    this.search = search;
    this.#plan = parts.plan;
    this.#volume = parts.volume;
  }

  /** Searches. @throws {VitrineError} aborted; unsupported: a page that is not isolated; and as `TemplateSearch` */
  static async run(plan: SearchPlan, { workers, signal, onProgress }: SearchRun): Promise<PageSearch> {
    const pool = await createPool({ workers });
    try {
      const volume = await volumeOf(pool, plan, signal);
      const template = templateFromVolume(volume, plan.settings.templatePath);
      const inputs = { settings: plan.settings, micrograph: plan.micrograph, template };
      const search = await TemplateSearch.create(pool, inputs, { signal });
      const { correlations } = search.size;
      onProgress(0, correlations);
      await search.run({}, { signal, onProgress: (done) => onProgress(done, correlations) });
      return new PageSearch(pool, search, { plan, volume });
    } catch (error) {
      await pool.dispose();
      throw error;
    }
  }

  /** z-scores where the templates' middles are: (height, width) of the micrograph, 0 where none fits. */
  scores(): Float32Array<ArrayBuffer> {
    const { statistics, templateSize } = this.search;
    const map = this.#map("scaledMip");
    const [height, width] = this.#plan.micrograph.shape;
    const [rows, columns] = statistics.shape;
    const half = Math.floor(templateSize / 2);
    const values = new Float32Array(height * width);
    for (let row = 0; row < rows; row++)
      values.set(map.subarray(row * columns, (row + 1) * columns), (row + half) * width + half);
    return values;
  }

  /** The particles, best first. @param falsePositives  expected in the whole micrograph */
  async found(falsePositives: number): Promise<Found> {
    const { statistics, size } = this.search;
    const [rows, columns] = statistics.shape;
    const { correlations } = size;
    const scores = this.#map("scaledMip");
    return {
      particles: await this.search.particles({ falsePositives }),
      zCutoff: gaussianCutoff({ falsePositives, pixels: rows * columns, correlations }),
      bestZScore: scores.reduce((best, value) => Math.max(best, value), Number.NEGATIVE_INFINITY),
    };
  }

  /** Leopard-EM's files: the configuration, eight maps, the table of particles; the template where it was made of atoms. */
  *files(falsePositives: number): Generator<ZippedFile> {
    const { config, settings, template } = this.#plan;
    const { size } = this.search;
    const totals = { ...size, projections: size.correlations };
    yield { path: "config.yaml", bytes: new TextEncoder().encode(formatMatchConfig(config, totals)) };
    if (template.kind === "atoms") yield { path: settings.templatePath, bytes: formatMrc(this.#volume) };
    yield* searchFiles(this.search, { falsePositives });
  }

  /** The table of particles alone. */
  particles(falsePositives: number): Blob {
    const table = [...searchFiles(this.search, { falsePositives })].slice(-1);
    const bytes = table.map((file) => file.bytes as Uint8Array<ArrayBuffer>);
    return new Blob(bytes, { type: "text/csv" });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.search.dispose();
    await this.#pool.dispose();
  }

  #map(name: "scaledMip"): Float32Array {
    const { statistics, space } = this.search;
    return resultMap({ statistics, space }, name);
  }
}

async function volumeOf(
  pool: Pool,
  { template, settings, size }: SearchPlan,
  signal: AbortSignal,
): Promise<Volume> {
  if (template.kind === "map") return template.volume;
  return simulateMap(pool, template.atoms, { boxSize: size, pixelSizeA: settings.optics.pixelSizeA, signal });
}
