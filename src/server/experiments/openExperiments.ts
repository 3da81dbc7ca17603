/** Experiments and archives of their layers that stay open between requests. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { openPathOrNone } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { type Experiment, openExperiment } from "../../experiment/index.ts";
import { type LayerArchive, openLayerArchive } from "../../pyramid/index.ts";

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
   * The tiles of a layer, opened anew once its archive was written anew.
   *
   * @throws {VitrineError} missing: no such layer, or it was not collected yet; format
   */
  async archive(experiment: Experiment, layerId: number): Promise<LayerArchive> {
    const path = await archivePath(experiment, layerId);
    const { mtimeMs, size, ino } = await stat(path).catch((cause) => {
      throw noArchive(layerId, cause);
    });
    const key = `${mtimeMs} ${size} ${ino}`;
    const opened = this.#archives.get(path);
    if (opened?.key === key) return opened.archive;
    const archive = openLayerArchive(path);
    archive.catch(() => this.#archives.delete(path));
    this.#archives.set(path, { key, archive });
    void opened?.archive.then((old) => old.close()).catch(() => {});
    return archive;
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
