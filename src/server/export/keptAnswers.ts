/** Answers of routes, written to files. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { VitrineError } from "../../core/index.ts";
import type { Roots } from "../roots.ts";
import { type Answer, type AnyRoute, answerBody } from "../route.ts";
import type { ExportDesk } from "./desk.ts";
import {
  type ExportFacts,
  type ExportQuery,
  exportedName,
  isFramed,
  isListed,
  LIST_FILE,
  placeKey,
  type SharedPlace,
} from "./names.ts";

/** What was written of one kind. */
export interface ExportedPart {
  readonly what: "images" | "layers" | "map objects" | "searches" | "molecules" | "likelihoods" | "lists";
  readonly files: number;
  readonly bytes: number;
}

/** What keeping answers stands on. */
export interface KeptAnswersTools {
  readonly roots: Roots;
  readonly routes: readonly AnyRoute[];
  /** Folder that is written to. */
  readonly directory: string;
  readonly signal: AbortSignal;
  readonly onFile: (files: number) => void;
  /** What is left out anyway. */
  readonly leftOut: readonly string[];
}

type Writable<T> = {
  -readonly [Key in keyof T]: T[Key] extends Readonly<Record<string, infer V>> ? Record<string, V> : T[Key];
};

/** The desk of an export that writes below a folder, and counts. */
export class KeptAnswers implements ExportDesk {
  readonly signal: AbortSignal;
  readonly #tools: KeptAnswersTools;
  readonly #routes: ReadonlyMap<string, AnyRoute>;
  readonly #facts: Pick<Writable<ExportFacts>, "places" | "firstImages" | "sames" | "steps"> = {
    places: {},
    firstImages: {},
    sames: {},
    steps: {},
  };
  readonly #leftOut: string[];
  readonly #written = new Set<string>();
  /** Names of files by the folders that are listed. */
  readonly #listed = new Map<string, string[]>();
  readonly #parts = new Map<ExportedPart["what"], { files: number; bytes: number }>();

  constructor(tools: KeptAnswersTools) {
    this.#tools = tools;
    this.signal = tools.signal;
    this.#routes = new Map(tools.routes.map((each) => [each.path, each]));
    this.#leftOut = [...tools.leftOut];
  }

  async keep(route: string, query: ExportQuery): Promise<Answer> {
    const answer = await this.#answerOf(route, query);
    await this.write(route, query, answer);
    return answer;
  }

  async keepOnce(route: string, query: ExportQuery, what: string): Promise<boolean> {
    if (this.#written.has(this.#nameOf(route, query))) return true;
    try {
      await this.keep(route, query);
      return true;
    } catch (error) {
      // one that cannot be made is no reason to have none of the others
      if (!(error instanceof VitrineError) || error.code === "aborted") throw error;
      this.leaveOut(`${what}, since not all can be made: ${this.#tools.roots.withoutPaths(error.message)}`);
      return false;
    }
  }

  async write(route: string, query: ExportQuery, answer: Answer): Promise<void> {
    const name = this.#nameOf(route, query);
    const body = await this.#tools.roots.within(() => framed(route, answer));
    await this.#writeFile(name, body);
    this.#written.add(name);
    if (isListed(route)) {
      const folder = dirname(name);
      const names = this.#listed.get(folder) ?? [];
      this.#listed.set(folder, names);
      names.push(basename(name));
    }
    const what = partOf(route);
    const part = this.#parts.get(what) ?? { files: 0, bytes: 0 };
    this.#parts.set(what, { files: part.files + 1, bytes: part.bytes + body.length });
    this.#tools.onFile(this.#written.size);
  }

  async ask<T>(route: string, query: ExportQuery): Promise<T> {
    return JSON.parse(String(await answerBody(await this.#answerOf(route, query)))) as T;
  }

  place(at: string): void {
    this.#facts.places[at] ??= Object.keys(this.#facts.places).length;
  }

  same(place: SharedPlace, first: SharedPlace): void {
    this.#facts.sames[placeKey(place)] = first;
  }

  step(at: string, every: number): void {
    this.#facts.steps[at] = every;
  }

  firstImage(at: string, image: string): void {
    this.#facts.firstImages[at] = image;
  }

  leaveOut(what: string): void {
    if (!this.#leftOut.includes(what)) this.#leftOut.push(what);
  }

  /** Writes the lists. @returns what the page is told, and what was written */
  async end(): Promise<{ readonly facts: ExportFacts; readonly parts: readonly ExportedPart[] }> {
    const lists = [...this.#listed.keys()];
    for (const folder of lists)
      await this.#writeFile(`${folder}/${LIST_FILE}`, JSON.stringify(this.#listed.get(folder)));
    const facts: ExportFacts = { format: "vitrine export", ...this.#facts, lists, leftOut: this.#leftOut };
    return { facts, parts: [...this.#parts].map(([what, sizes]) => ({ what, ...sizes })) };
  }

  #nameOf(route: string, query: ExportQuery): string {
    return exportedName(route, query, this.#facts)!;
  }

  #answerOf(route: string, query: ExportQuery): Promise<Answer> {
    this.signal.throwIfAborted();
    const given = Object.entries(query).filter(([, value]) => value !== undefined);
    const texts = Object.fromEntries(given.map(([key, value]) => [key, String(value)]));
    return this.#tools.roots.within(() => this.#routes.get(route)!.answer(texts, this.signal));
  }

  async #writeFile(name: string, body: string | Uint8Array): Promise<void> {
    const path = join(this.#tools.directory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, body);
  }
}

/** The bytes of a file: an answer whose headers matter has them in a first line. */
async function framed(route: string, answer: Answer): Promise<Uint8Array> {
  const bytes = Buffer.from(await answerBody(answer));
  const headers = { "Content-Type": answer.type, ...answer.headers };
  return isFramed(route) ? Buffer.concat([Buffer.from(`${JSON.stringify(headers)}\n`), bytes]) : bytes;
}

const PARTS: readonly (readonly [begin: string, what: ExportedPart["what"]])[] = [
  ["image", "images"],
  ["experiment/tile", "layers"],
  ["experiment", "map objects"],
  ["match", "searches"],
  ["subtomogram", "molecules"],
  ["likelihood", "likelihoods"],
];

function partOf(route: string): ExportedPart["what"] {
  return PARTS.find(([begin]) => route.startsWith(begin))?.[1] ?? "lists";
}
