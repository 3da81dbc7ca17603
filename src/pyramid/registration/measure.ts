import type { Backend, RunOptions } from "../../compute/index.ts";
import { VitrineError } from "../../core/index.ts";
import { createWindows, type WindowMatch, type WindowsPlan } from "../kernels/index.ts";
import type { Edge, NominalSite } from "./edges.ts";
import { cutWindow, type DarkImage, type RegistrationImage } from "./image.ts";

/** Sites of a mosaic and how their images are got. */
export interface MosaicSites {
  /** Where the stage says they are, pixels, in the order in which it went there. */
  readonly sites: readonly NominalSite[];
  /** Reads one; each is read once. Nothing where it is missing. */
  readonly readSite: (site: number) => Promise<RegistrationImage | undefined>;
}

/** How edges are measured. */
export interface MeasureOptions extends RunOptions {
  readonly sigmaPx: number;
  readonly dark?: DarkImage | undefined;
}

/** Memory of the windows of one size that are compared together. */
const BATCH_BYTES = 96 * 2 ** 20;
const MOST_EDGES = 16;

/**
 * Measures all edges. Sites are read one after the other across the shorter side of the mosaic, each once, the next while the last is
 * compared; what waits for a neighbour are the windows of about one row.
 *
 * @returns  a match an edge, nothing where a site is missing
 */
export async function measureEdges(
  backend: Backend,
  { sites, readSite }: MosaicSites,
  { edges, ...options }: MeasureOptions & { readonly edges: readonly Edge[] },
): Promise<(WindowMatch | undefined)[]> {
  const bench = new EdgeBench(backend, edges, options);
  const order = readingOrder(sites, edges);
  const read = (i: number) => {
    const image = i < order.length ? readSite(order[i]) : Promise.resolve(undefined);
    // Awaited below; until then its failure is nobody's.
    image.catch(() => undefined);
    return image;
  };
  try {
    let next = read(0);
    for (let i = 0; i < order.length; i++) {
      options.signal?.throwIfAborted();
      const image = await next;
      next = read(i + 1);
      if (image !== undefined) await bench.add(order[i], requireSize(image, sites[order[i]], order[i]));
    }
    return await bench.finish();
  } finally {
    bench.dispose();
  }
}

/** Sites with neighbours, row by row or column by column: whichever has less waiting. */
function readingOrder(sites: readonly NominalSite[], edges: readonly Edge[]): number[] {
  const used = [...new Set(edges.flatMap(({ first, second }) => [first, second]))];
  const extent = (of: (site: NominalSite) => number, side: (site: NominalSite) => number) => {
    const values = used.map((i) => of(sites[i]));
    return (Math.max(...values) - Math.min(...values)) / side(sites[used[0]]);
  };
  const { length } = used;
  const isTall =
    length > 0 &&
    extent(
      ({ y }) => y,
      ({ height }) => height,
    ) <
      extent(
        ({ x }) => x,
        ({ width }) => width,
      );
  return used.sort((a, b) =>
    isTall
      ? sites[a].x - sites[b].x || sites[a].y - sites[b].y
      : sites[a].y - sites[b].y || sites[a].x - sites[b].x,
  );
}

function requireSize(image: RegistrationImage, { height, width }: NominalSite, site: number) {
  if (image.height === height && image.width === width) return image;
  const [expected, found] = [`${height} x ${width} pixels`, `${image.height} x ${image.width}`];
  throw new VitrineError({ code: "shape", at: `registration site ${site}`, expected, found });
}

/** Windows of one size that wait to be compared. */
interface Batch {
  readonly plan: WindowsPlan;
  readonly room: number;
  readonly edges: number[];
}

/** Collects windows of both sites of each edge and compares them, many of one size at a time. */
class EdgeBench {
  readonly #backend: Backend;
  readonly #edges: readonly Edge[];
  readonly #options: MeasureOptions;
  readonly #matches: (WindowMatch | undefined)[];
  readonly #bySite = new Map<number, number[]>();
  readonly #waiting = new Map<number, Float32Array>();
  readonly #batches = new Map<string, Batch>();
  #done = 0;

  constructor(backend: Backend, edges: readonly Edge[], options: MeasureOptions) {
    this.#backend = backend;
    this.#edges = edges;
    this.#options = options;
    this.#matches = edges.map(() => undefined);
    edges.forEach(({ first, second }, i) => {
      for (const site of [first, second]) this.#bySite.set(site, [...(this.#bySite.get(site) ?? []), i]);
    });
  }

  async add(site: number, image: RegistrationImage): Promise<void> {
    for (const i of this.#bySite.get(site) ?? []) {
      const { height, width, ...edge } = this.#edges[i];
      const isFirst = edge.first === site;
      const place = isFirst ? edge.inFirst : edge.inSecond;
      const window = cutWindow(image, { ...place, height, width }, this.#options.dark);
      const other = this.#waiting.get(i);
      if (other === undefined) this.#waiting.set(i, window);
      else await this.#compare(i, isFirst ? [window, other] : [other, window]);
    }
  }

  async #compare(i: number, [first, second]: readonly [Float32Array, Float32Array]): Promise<void> {
    this.#waiting.delete(i);
    const batch = this.#batchOf(this.#edges[i]);
    batch.plan.set("windows", first, 2 * batch.edges.length);
    batch.plan.set("windows", second, 2 * batch.edges.length + 1);
    batch.edges.push(i);
    if (batch.edges.length === batch.room) await this.#run(batch);
  }

  #batchOf({ height, width }: Edge): Batch {
    const key = `${height} ${width}`;
    const found = this.#batches.get(key);
    if (found !== undefined) return found;
    const same = this.#edges.filter((edge) => edge.height === height && edge.width === width).length;
    // Two windows, their spectra, and a product: five times the pixels.
    const fitting = Math.floor(BATCH_BYTES / (5 * 4 * height * width));
    const room = Math.max(1, Math.min(same, MOST_EDGES, fitting));
    const { sigmaPx } = this.#options;
    const plan = createWindows(this.#backend, { height, width, pairs: room, sigmaPx });
    const batch = { plan, room, edges: [] };
    this.#batches.set(key, batch);
    return batch;
  }

  async #run({ plan, edges }: Batch): Promise<void> {
    const { signal, onProgress } = this.#options;
    const boxes = edges.map((i) => this.#edges[i].within);
    const matches = await plan.run(boxes, signal === undefined ? {} : { signal });
    matches.forEach((match, k) => {
      this.#matches[edges[k]] = match;
    });
    this.#done += edges.length;
    onProgress?.(this.#done);
    edges.length = 0;
  }

  async finish(): Promise<(WindowMatch | undefined)[]> {
    for (const batch of this.#batches.values()) if (batch.edges.length > 0) await this.#run(batch);
    return this.#matches;
  }

  dispose(): void {
    for (const { plan } of this.#batches.values()) plan.dispose();
  }
}
