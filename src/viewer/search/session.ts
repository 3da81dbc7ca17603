/** The search of this page: it goes on while other things are looked at. */
import { saveBlob } from "../core/save.ts";
import { DEFAULT_FIELDS, type SearchFields } from "./fields.ts";
import type {
  Found,
  FoundScores,
  FromSearch,
  OpenedMicrograph,
  OpenedTemplate,
  SearchProgress,
  SearchRequest,
  SearchSizes,
  ToSearch,
} from "./protocol.ts";

/** What is known of it. */
export interface SearchState {
  readonly fields: SearchFields;
  /** Of a map that is made of atoms, voxels; undefined: what suits them. */
  readonly boxSize?: number | undefined;
  readonly falsePositives: number;
  readonly workers: number;
  /** Files that are being read. */
  readonly opening: number;
  readonly micrograph?: OpenedMicrograph;
  readonly template?: OpenedTemplate;
  readonly size?: SearchSizes | undefined;
  readonly isRunning: boolean;
  readonly progress?: SearchProgress | undefined;
  readonly scores?: FoundScores | undefined;
  readonly found?: Found | undefined;
  readonly notes: readonly string[];
  readonly isSaving: boolean;
}

/** Time in which nothing changes before the work is counted, ms. */
const STILL_MS = 400;

/** A session, and who listens to it. */
export class SearchSession {
  #state: SearchState = {
    fields: DEFAULT_FIELDS,
    falsePositives: 1,
    workers: navigator.hardwareConcurrency,
    opening: 0,
    isRunning: false,
    isSaving: false,
    notes: [],
  };
  readonly #listeners = new Set<() => void>();
  #worker: Worker | undefined;
  #sizing: ReturnType<typeof setTimeout> | undefined;
  /** What failed. */
  onError: (message: string) => void = () => {};

  get state(): SearchState {
    return this.#state;
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Reads files, whatever they are. */
  open(files: Iterable<File>): void {
    for (const file of files) {
      this.#set({ opening: this.#state.opening + 1 });
      this.#say({ kind: "open", file });
    }
  }

  change(some: Partial<Pick<SearchState, "boxSize" | "workers">>, fields: Partial<SearchFields> = {}): void {
    this.#set({ ...some, fields: { ...this.#state.fields, ...fields } });
    this.#countSoon();
  }

  /** Of a search that has run, too. */
  expect(falsePositives: number): void {
    this.#set({ falsePositives });
    if (this.#state.scores !== undefined && falsePositives > 0) this.#say({ kind: "choose", falsePositives });
  }

  start(): void {
    const request = this.#request();
    if (request === undefined) return;
    this.#set({ isRunning: true, progress: undefined, scores: undefined, found: undefined, notes: [] });
    this.#say({ kind: "start", request });
  }

  stop(): void {
    this.#say({ kind: "stop" });
  }

  save(what: "all" | "particles"): void {
    this.#set({ isSaving: true });
    this.#say({ kind: "save", what });
  }

  /** Undefined until there is something to search, and for. */
  #request(): SearchRequest | undefined {
    const { fields, falsePositives, workers, micrograph, template } = this.#state;
    if (micrograph === undefined || template === undefined || !(fields.pixelSizeA > 0)) return undefined;
    return { fields, falsePositives, workers, boxSize: boxSizeOf(this.#state) };
  }

  #countSoon(): void {
    clearTimeout(this.#sizing);
    this.#set({ size: undefined });
    this.#sizing = setTimeout(() => {
      const request = this.#request();
      if (request !== undefined && !this.#state.isRunning) this.#say({ kind: "size", request });
    }, STILL_MS);
  }

  #take(message: FromSearch): void {
    const { fields, opening, notes } = this.#state;
    const opened = { opening: opening - 1, scores: undefined, found: undefined, progress: undefined };
    switch (message.kind) {
      case "micrograph": {
        const { micrograph } = message;
        const pixelSizeA = micrograph.pixelSizeA || fields.pixelSizeA;
        this.#set({ ...opened, micrograph, fields: { ...fields, pixelSizeA } });
        this.#countSoon();
        break;
      }
      case "template": {
        const { template } = message;
        const pixelSizeA = fields.pixelSizeA || (template.pixelSizeA ?? 0);
        this.#set({ ...opened, template, boxSize: undefined, fields: { ...fields, pixelSizeA } });
        this.#countSoon();
        break;
      }
      case "fields":
        this.#set({
          opening: opening - 1,
          fields: { ...fields, ...message.fields },
          notes: [...notes, `${message.name} is used: the form shows what it says`],
        });
        this.#countSoon();
        break;
      case "size":
        this.#set({ size: message.size });
        break;
      case "progress":
        this.#set({ progress: message.progress });
        break;
      case "scores":
        this.#set({ scores: message.scores });
        break;
      case "found":
        this.#set({ found: message.found, isRunning: false });
        break;
      case "stopped":
        this.#set({ isRunning: false, progress: undefined });
        break;
      case "saved":
        this.#set({ isSaving: false });
        saveBlob(message.blob, message.name);
        break;
      case "warning":
        this.#set({ notes: [...new Set([...notes, message.message])] });
        break;
      case "failed":
        this.#set({
          ...{ isRunning: false, isSaving: false, progress: undefined },
          ...(message.isFile && { opening: opening - 1 }),
        });
        this.onError(message.message);
    }
  }

  #set(some: Partial<SearchState>): void {
    this.#state = { ...this.#state, ...some };
    for (const listener of this.#listeners) listener();
  }

  #say(message: ToSearch): void {
    this.#worker ??= this.#begin();
    this.#worker.postMessage(message);
  }

  #begin(): Worker {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }: MessageEvent<FromSearch>) => this.#take(data));
    worker.addEventListener("error", ({ message }) => {
      worker.terminate();
      this.#worker = undefined;
      this.#set({ isRunning: false, isSaving: false, opening: 0, progress: undefined });
      this.onError(`The search ended: ${message || "its worker could not be loaded"}`);
    });
    return worker;
  }
}

/** Room for a molecule and as much again beside it that the CTF spreads, a size that transforms like. */
export function boxSizeOf({
  boxSize,
  template,
  fields,
}: Pick<SearchState, "boxSize" | "template" | "fields">): number {
  if (boxSize !== undefined) return boxSize;
  const { diameterA = 0 } = template?.atoms ?? {};
  return Math.max(32, 16 * Math.ceil((1.5 * diameterA) / (fields.pixelSizeA || 1) / 16));
}
