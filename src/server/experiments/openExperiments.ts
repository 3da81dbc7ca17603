/** Experiments and archives of their layers that stay open between requests. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openPathOrNone } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { type Experiment, openExperiment } from "../../experiment/index.ts";
import { type LayerArchive, openLayerArchive } from "../../pyramid/index.ts";

/** Time between two looks at whether an archive was written anew, ms. */
const LOOK_MS = 1000;
/** Layers whose archives are known by their addresses. */
const MOST_LAYERS = 4096;
/** Time after which an archive that was written anew is closed, ms. */
const CLOSE_MS = 10_000;

/** The tiles of a layer, and a text that is another one once they are others. */
export interface OpenedLayer {
  readonly archive: LayerArchive;
  readonly key: string;
}

/** An archive, as it was when it was opened. */
interface OpenedArchive {
  readonly key: string;
  readonly archive: Promise<LayerArchive>;
}

/** Opens experiments for reading, once each. Whoever made it closes it. */
export class OpenExperiments implements AsyncDisposable {
  readonly #databaseUrl: string | undefined;
  readonly #experiments = new Map<string, Promise<Experiment>>();
  readonly #archives = new Map<string, OpenedArchive>();
  readonly #layers = new Map<string, { readonly layer: Promise<OpenedLayer>; readonly lookedAt: number }>();

  /** @param databaseUrl  of the server of those that are on one */
  constructor(databaseUrl?: string) {
    this.#databaseUrl = databaseUrl;
  }

  /** The experiment of a folder. @throws {VitrineError} as `openExperiment` */
  async experiment(path: string): Promise<Experiment> {
    const url = this.#databaseUrl;
    const options = { isReadOnly: true, ...(url !== undefined && { databaseUrl: url }) };
    const opened = this.#experiments.get(path) ?? openExperiment(path, options);
    this.#experiments.set(path, opened);
    opened.catch(() => this.#experiments.delete(path));
    return opened;
  }

  /** Runs a task that changes an experiment. @throws {VitrineError} as `openExperiment`, and whatever the task throws */
  async change<T>(path: string, task: (experiment: Experiment) => Promise<T>): Promise<T> {
    const url = this.#databaseUrl;
    await using experiment = await openExperiment(path, url === undefined ? {} : { databaseUrl: url });
    return await task(experiment);
  }

  /**
   * The tiles of a layer, opened anew once its archive was written anew; whether it was is looked at once a second.
   *
   * @param at       the experiment as an address
   * @param resolve  its path
   * @throws {VitrineError} missing: no such layer, or it was not collected yet; format
   */
  async layer(at: string, layerId: number, resolve: (at: string) => Promise<string>): Promise<OpenedLayer> {
    const name = `${layerId} ${at}`;
    const known = this.#layers.get(name);
    if (known !== undefined && performance.now() - known.lookedAt < LOOK_MS) return known.layer;
    const layer = (async () => this.#archive(await this.experiment(await resolve(at)), layerId))();
    layer.catch(() => this.#layers.delete(name));
    // in the order of their last look, so that names that nobody asks for any more go
    this.#layers.delete(name);
    this.#layers.set(name, { layer, lookedAt: performance.now() });
    const [oldest] = this.#layers.keys();
    if (this.#layers.size > MOST_LAYERS) this.#layers.delete(oldest);
    return layer;
  }

  async #archive(experiment: Experiment, layerId: number): Promise<OpenedLayer> {
    const path = await archivePath(experiment, layerId);
    const { mtimeMs, size, ino } = await stat(path).catch((cause) => {
      throw noArchive(layerId, cause);
    });
    const key = [mtimeMs * 1000, size, ino].map((value) => Math.round(value).toString(36)).join("-");
    const opened = this.#archives.get(path);
    if (opened?.key === key) return { archive: await opened.archive, key };
    const archive = openLayerArchive(path);
    archive.catch(() => this.#archives.delete(path));
    this.#archives.set(path, { key, archive });
    // requests that have it yet end before
    void opened?.archive.then((old) => setTimeout(() => void old.close(), CLOSE_MS).unref()).catch(() => {});
    return { archive: await archive, key };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { archive } of this.#archives.values()) await (await archive.catch(() => undefined))?.close();
    for (const opened of this.#experiments.values()) await (await opened.catch(() => undefined))?.close();
  }
}

async function archivePath({ query, directory }: Experiment, layerId: number): Promise<string> {
  const row = await query
    .selectFrom("channelLayers")
    .select("path")
    .where("id", "=", layerId)
    .executeTakeFirst();
  if (row?.path == null) throw noArchive(layerId);
  const path = await openPathOrNone(join(directory, row.path));
  if (path === undefined) throw noArchive(layerId);
  return path;
}

function noArchive(layerId: number, cause?: unknown): VitrineError {
  return new VitrineError(
    {
      code: "missing",
      at: `layer ${layerId}`,
      expected: "a layer with its archive",
      found: "none",
      hint: "Make it: vitrine illuminati EXPERIMENT collect",
    },
    { cause },
  );
}
