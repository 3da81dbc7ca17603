/** Runs of likelihoods that stay open between requests, the ones used last. */
import { stat } from "node:fs/promises";
import {
  findResultFolders,
  openPairs,
  type PairFolders,
  type PairReader,
  type ResultFolders,
  type RunResults,
  readRunResults,
} from "../../../likelihood/index.ts";

/** A run with what belongs to it. */
export interface OpenRun {
  readonly folders: ResultFolders;
  /** Undefined: no run of best poses lies there. */
  readonly run: RunResults | undefined;
}

/** Stacks that are guessed about say so once. */
interface OpenedPairs {
  readonly reader: Promise<PairReader>;
  readonly warnings: string[];
}

/** Keeps what was read last. */
export class OpenRuns {
  #runs: { readonly key: string; readonly value: Promise<OpenRun> } | undefined;
  #pairs: { readonly key: string; readonly value: OpenedPairs } | undefined;

  /** @throws {VitrineError} as `readRunResults` */
  async open(path: string): Promise<OpenRun> {
    const folders = await findResultFolders(path);
    const key = JSON.stringify([folders, folders.run && (await changeOf(folders.run))]);
    if (this.#runs?.key !== key) this.#runs = { key, value: openRun(folders) };
    const { value } = this.#runs;
    value.catch(() => {
      this.#runs = undefined;
    });
    return value;
  }

  /** The stacks of a run; undefined where templates, particles or parameters are not there. */
  async pairs({ templates, particles, parameters }: ResultFolders): Promise<OpenedPairs | undefined> {
    if (templates === undefined || particles === undefined || parameters === undefined) return undefined;
    const folders: PairFolders = { templates, particles, parameters };
    const changes = [await changeOf(templates), await changeOf(particles), await changeOf(parameters)];
    const key = JSON.stringify([folders, changes]);
    if (this.#pairs?.key !== key) {
      const warnings: string[] = [];
      const onLog = (message: string) => {
        if (!warnings.includes(message)) warnings.push(message);
      };
      this.#pairs = { key, value: { reader: openPairs(folders, onLog), warnings } };
    }
    const { value } = this.#pairs;
    value.reader.catch(() => {
      this.#pairs = undefined;
    });
    return value;
  }
}

async function openRun(folders: ResultFolders): Promise<OpenRun> {
  return { folders, run: folders.run === undefined ? undefined : await readRunResults(folders.run) };
}

/** When something was last put into a folder. */
async function changeOf(path: string): Promise<number> {
  return (await stat(path)).mtimeMs;
}
