/** Searches that stay open between requests: their maps, peaks and templates, the ones used last. */
import { stat } from "node:fs/promises";
import { type Shape2, VitrineError } from "../../../core/index.ts";
import {
  bestPeaks,
  openTemplateView,
  particlesAt,
  type ResultParticle,
  type ResultPeaks,
  readImageOrMap,
  readSearchResults,
  type ScoreCurves,
  type ScoreMap,
  type SearchResult,
  scoreCurves,
  type TemplateView,
} from "../../../match/index.ts";
import type { RequestPool } from "../pool.ts";

/** A map of a search by its name. */
export type SearchMap = keyof SearchResult["maps"];

/** How long what was read of configurations and tables counts, ms: tiles come by the dozen. */
const FRESH_MS = 2000;

/** Peaks of an answer at most. */
export const MOST_PEAKS = 5000;

/** Bytes of maps that are kept. */
const MOST_BYTES = 2 ** 29;
/** Templates that are kept. */
const MOST_TEMPLATES = 4;

/** What is known of a search's map of z-scores. */
export interface Scores extends ResultPeaks {
  readonly map: ScoreMap;
  readonly curves: ScoreCurves;
  /** A peak each. */
  readonly particles: readonly ResultParticle[];
}

/** Opens searches for many requests. Whoever made it closes it. */
export class OpenSearches implements AsyncDisposable {
  /** In the order of their last use. */
  readonly #maps = new Map<string, Promise<ScoreMap>>();
  readonly #scores = new Map<string, Promise<Scores>>();
  readonly #templates = new Map<string, Promise<TemplateView>>();
  readonly #read = new Map<string, Promise<readonly SearchResult[]>>();
  readonly #pool: RequestPool;

  constructor(pool: RequestPool) {
    this.#pool = pool;
  }

  /** @throws {VitrineError} as `readSearchResults` */
  searches(path: string): Promise<readonly SearchResult[]> {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const read = readSearchResults(path);
    this.#read.set(path, read);
    setTimeout(() => this.#read.delete(path), FRESH_MS).unref();
    return read;
  }

  /** @throws {VitrineError} missing: fewer searches than that; and as {@link searches} */
  async search(path: string, index: number): Promise<SearchResult> {
    const searches = await this.searches(path);
    const found = searches[index];
    if (found !== undefined) return found;
    const expected = `a search below ${searches.length}`;
    throw new VitrineError({ code: "missing", at: "search", expected, found: `${index}` });
  }

  /** One of the maps; undefined where it is not there. @throws {VitrineError} a damaged file */
  async map({ maps }: SearchResult, name: SearchMap): Promise<ScoreMap | undefined> {
    const { path } = maps[name];
    if (path === undefined) return undefined;
    return this.#image(name, path, () => readImageOrMap(path, { map: name }));
  }

  /** The micrograph as the search saw it: rows of a TIFF from below. @throws {VitrineError} missing; and as `readImageOrMap` */
  async micrograph({ micrograph: { path, named } }: SearchResult): Promise<ScoreMap> {
    if (path !== undefined)
      return this.#image("micrograph", path, () => readImageOrMap(path, { tiffRows: "flip" }));
    const fault = {
      code: "missing",
      at: named,
      expected: "the micrograph",
      found: "none that is served",
    } as const;
    throw new VitrineError(fault);
  }

  async #image(name: string, path: string, read: () => Promise<ScoreMap>): Promise<ScoreMap> {
    const key = `${name} ${await identityOf(path)}`;
    const known = this.#maps.get(key) ?? read();
    this.#maps.delete(key);
    this.#maps.set(key, known);
    known.catch(() => this.#maps.delete(key));
    const image = await known;
    await this.#dropMaps();
    return image;
  }

  /** Counts and peaks of the z-scores; undefined where their map is not there. */
  async scores(search: SearchResult): Promise<Scores | undefined> {
    const { path } = search.maps.scaledMip;
    const map = await this.map(search, "scaledMip");
    if (map === undefined || path === undefined) return undefined;
    const key = `${search.name} ${search.correlations} ${await identityOf(path)}`;
    const known = this.#scores.get(key) ?? this.#scoresOf(search, map);
    this.#scores.set(key, known);
    known.catch(() => this.#scores.delete(key));
    if (this.#scores.size > MOST_TEMPLATES) this.#scores.delete(this.#scores.keys().next().value!);
    return known;
  }

  async #scoresOf(search: SearchResult, map: ScoreMap): Promise<Scores> {
    const curves = scoreCurves(map, search);
    const best = bestPeaks(map, curves, MOST_PEAKS);
    const half = Math.floor((search.templateSize ?? 0) / 2);
    const particles = await particlesAt(best.peaks, (name) => this.#sameShape(search, name, map.shape), half);
    return { ...best, map, curves, particles };
  }

  /** @throws {VitrineError} shape: a map of another search */
  async #sameShape(search: SearchResult, name: SearchMap, shape: Shape2): Promise<ScoreMap | undefined> {
    const map = await this.map(search, name);
    if (map === undefined || map.shape.join() === shape.join()) return map;
    throw new VitrineError({
      code: "shape",
      at: search.maps[name].path ?? name,
      expected: `one section of ${shape.join(" x ")}, as the map of z-scores`,
      found: map.shape.join(" x "),
    });
  }

  /** @throws {VitrineError} missing: no template file; and as `openTemplateView` */
  async template({ template, settings }: SearchResult): Promise<TemplateView> {
    if (template.path === undefined) {
      const fault = { code: "missing", at: template.named, expected: "the template's map" } as const;
      throw new VitrineError({ ...fault, found: "none that is served" });
    }
    const { pixelSizeA } = settings.optics;
    const key = `${pixelSizeA} ${await identityOf(template.path)}`;
    const pool = await this.#pool.get();
    const known = this.#templates.get(key) ?? openTemplateView(pool, template.path, pixelSizeA);
    this.#templates.delete(key);
    this.#templates.set(key, known);
    known.catch(() => this.#templates.delete(key));
    for (const [oldest, view] of this.#templates) {
      if (this.#templates.size <= MOST_TEMPLATES) break;
      this.#templates.delete(oldest);
      (await view.catch(() => undefined))?.dispose();
    }
    return known;
  }

  async #dropMaps(): Promise<void> {
    const sizes = await Promise.all(
      [...this.#maps].map(async ([key, map]) => {
        const read = await map.catch(() => undefined);
        return [key, read?.data.byteLength ?? 0] as const;
      }),
    );
    let bytes = sizes.reduce((sum, [, size]) => sum + size, 0);
    for (const [key, size] of sizes.slice(0, -1)) {
      if (bytes <= MOST_BYTES) return;
      this.#maps.delete(key);
      bytes -= size;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const view of this.#templates.values()) (await view.catch(() => undefined))?.dispose();
  }
}

/** Another text once the file was written anew. */
async function identityOf(path: string): Promise<string> {
  const { mtimeMs, size, ino } = await stat(path);
  return `${path} ${mtimeMs} ${size} ${ino}`;
}
