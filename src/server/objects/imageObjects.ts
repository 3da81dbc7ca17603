/** Objects of images without an experiment: annotations drawn over them, labels of label images. */
import { randomUUID } from "node:crypto";
import { Semaphore, VitrineError } from "../../core/index.ts";
import {
  type Experiment,
  editMapobjects,
  listMapobjectTypes,
  type MapobjectEdit,
  type MapobjectEditReport,
  type MapobjectType,
} from "../../experiment/index.ts";
import type { OpenImages } from "../images/openImages.ts";
import type { Roots } from "../roots.ts";
import { loadAnnotations, saveAnnotations } from "./annotations.ts";
import { loadLabels, saveClasses } from "./labels.ts";
import { formatObjectsAt, type ImageObjectsName, parseObjectsAt } from "./names.ts";
import { makeScratch, type ScratchExperiment, showFew } from "./scratch.ts";
import { changedMeanwhile, type Sidecar, sidecarOf } from "./sidecar.ts";

/** What a page knows of objects before it asks for any. */
export interface ObjectFacts {
  readonly types: readonly Pick<MapobjectType, "name" | "refType" | "objects" | "features">[];
  /** Another text once the objects were read anew: numbers of objects hold as long as it does. */
  readonly version: string;
  /** How often they were changed since. */
  readonly changes: number;
  /** The file that keeps what is done to them. */
  readonly file: string;
  /** Why that file is not written: what is done lasts until the server ends. */
  readonly notKept: string | null;
  /** Why nothing may be done to them. */
  readonly locked: string | null;
  readonly warnings: readonly string[];
}

/** What {@link ImageObjects} stands on. */
export interface ImageObjectsTools {
  readonly roots: Roots;
  readonly images: OpenImages;
  /** Nothing is written. */
  readonly isReadOnly?: boolean;
}

/** Objects that were read, with the version of the file that they are from. */
interface Loaded {
  readonly scratch: ScratchExperiment;
  readonly sidecar: Sidecar;
  readonly version: string;
  fileVersion: string | undefined;
  changes: number;
  readonly notKept: string | undefined;
  readonly locked: string | undefined;
  readonly warnings: readonly string[];
}

/** Images whose objects are kept at hand, the ones used last. */
const KEPT = 16;
/** Time after which what was dropped is closed: requests that have it end before, ms. */
const CLOSE_MS = 30_000;

/** The objects of images, read once and again when their files change. Whoever made it closes it. */
export class ImageObjects implements AsyncDisposable {
  readonly #tools: ImageObjectsTools;
  /** In the order of their last use. */
  readonly #loaded = new Map<string, Promise<Loaded>>();
  /** One reads or writes at a time, an image's objects each. */
  readonly #turns = new Map<string, Semaphore>();
  readonly #dropped = new Set<Loaded>();

  constructor(tools: ImageObjectsTools) {
    this.#tools = tools;
  }

  /** The experiment that holds objects. @throws {VitrineError} missing: no such image; format: a file of objects that is damaged */
  async experiment(at: string): Promise<Experiment> {
    return (await this.#load(at)).scratch.experiment;
  }

  /** What there is. @throws {VitrineError} as {@link experiment} */
  async facts(at: string): Promise<ObjectFacts> {
    const { scratch, sidecar, version, changes, notKept, locked, warnings } = await this.#load(at);
    const { withoutPaths } = this.#tools.roots;
    return {
      types: await listMapobjectTypes(scratch.experiment),
      version,
      changes,
      file: sidecar.name,
      notKept: notKept ?? null,
      locked: locked ?? null,
      warnings: warnings.map(withoutPaths),
    };
  }

  /**
   * Changes objects, and writes the file that keeps them before it says so.
   *
   * @param seen  the version of the objects whose numbers the edit has
   * @throws {VitrineError} busy: they were read anew since; storage: the file could not be written, after which nothing is changed; range: a change
   *   that these objects do not take; and as `editMapobjects`
   */
  async edit(at: string, edit: MapobjectEdit, seen: string | undefined): Promise<MapobjectEditReport> {
    const name = nameOf(at);
    const key = formatObjectsAt(name);
    return this.#turn(key).run(async () => {
      const loaded = await this.#loadNow(name, key);
      if (loaded.version !== seen) throw changedMeanwhile(loaded.sidecar.name);
      if (loaded.locked !== undefined) throw lockedError(loaded);
      requireFits(name, edit);
      const { experiment } = loaded.scratch;
      const report = await editMapobjects(experiment, withIds(edit));
      try {
        if (loaded.notKept === undefined) {
          const save = name.of === "annotations" ? saveAnnotations : saveClasses;
          loaded.fileVersion = await save(experiment, loaded.sidecar, loaded.fileVersion);
        }
        await showFew(experiment);
      } catch (error) {
        await editMapobjects(experiment, report.inverse);
        throw error;
      }
      loaded.changes++;
      return report;
    });
  }

  #turn(key: string): Semaphore {
    const turn = this.#turns.get(key) ?? new Semaphore(1);
    this.#turns.set(key, turn);
    return turn;
  }

  #load(at: string): Promise<Loaded> {
    const name = nameOf(at);
    const key = formatObjectsAt(name);
    return this.#turn(key).run(() => this.#loadNow(name, key));
  }

  async #loadNow(name: ImageObjectsName, key: string): Promise<Loaded> {
    const { roots } = this.#tools;
    const path = await roots.resolve(name.at);
    if (name.table !== undefined) await roots.resolve(name.table);
    const known = await this.#loaded.get(key)?.catch(() => undefined);
    const isSame = known !== undefined && (await known.sidecar.version()) === known.fileVersion;
    this.#loaded.delete(key);
    const loaded = isSame ? Promise.resolve(known) : this.#read(name, path);
    this.#loaded.set(key, loaded);
    loaded.catch(() => this.#loaded.delete(key));
    if (known !== undefined && !isSame) this.#drop(known);
    for (const [oldest, one] of this.#loaded) {
      if (this.#loaded.size <= KEPT) break;
      this.#loaded.delete(oldest);
      this.#turns.delete(oldest);
      void one.then((old) => this.#drop(old));
    }
    return loaded;
  }

  async #read(name: ImageObjectsName, path: string): Promise<Loaded> {
    const { roots, images, isReadOnly = false } = this.#tools;
    const first = await images.withCollection(path, async (collection) => collection.images[0]);
    const isFirst = name.image === undefined || name.image === first;
    const sidecar = sidecarOf(path, { ...name, image: isFirst ? undefined : name.image }, roots.has);
    return images.withImage(path, name.image, async (source) => {
      const scratch = await makeScratch(source);
      const { experiment } = scratch;
      const warnings: string[] = [];
      try {
        const fileVersion = await sidecar.version();
        const onLog = (message: string) => void warnings.push(message);
        const table = name.table === undefined ? undefined : await roots.resolve(name.table);
        const locked = await sidecar.within(() =>
          name.of === "annotations"
            ? loadAnnotations(experiment, sidecar, { isThere: fileVersion !== undefined, onLog })
            : loadLabels(experiment, source, {
                ...{ sidecar, table, onLog },
                isThere: fileVersion !== undefined,
              }),
        );
        await showFew(experiment);
        const notKept = isReadOnly ? "the server was started with --read-only" : await sidecar.refusal();
        const version = randomUUID();
        return { scratch, sidecar, version, changes: 0, fileVersion, notKept, locked, warnings };
      } catch (error) {
        await scratch[Symbol.asyncDispose]();
        throw error;
      }
    });
  }

  #drop(loaded: Loaded): void {
    this.#dropped.add(loaded);
    const close = () => this.#dropped.delete(loaded) && loaded.scratch[Symbol.asyncDispose]();
    setTimeout(() => void close(), CLOSE_MS).unref();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const loaded of this.#loaded.values())
      await (await loaded.catch(() => undefined))?.scratch[Symbol.asyncDispose]();
    for (const { scratch } of this.#dropped) await scratch[Symbol.asyncDispose]();
    this.#loaded.clear();
    this.#dropped.clear();
  }
}

/** Whether an address names objects of an image. */
export function isObjectsAt(at: string): boolean {
  return parseObjectsAt(at) !== undefined;
}

/** @throws {VitrineError} missing */
function nameOf(at: string): ImageObjectsName {
  const name = parseObjectsAt(at);
  if (name !== undefined) return name;
  const expected = "objects of an image, as @objects?of=annotations&at=ROOT/file";
  throw new VitrineError({ code: "missing", at, expected, found: "something else" });
}

/** QuPath tells objects apart by names that are nobody else's. */
function withIds(edit: MapobjectEdit): MapobjectEdit {
  if (edit.add === undefined || !Array.isArray(edit.add)) return edit;
  return { ...edit, add: edit.add.map((object) => ({ externalId: randomUUID(), ...object })) };
}

/** Labels are the pixels of an image, which is not drawn in. @throws {VitrineError} range */
function requireFits({ of }: ImageObjectsName, { add, change, remove }: MapobjectEdit): void {
  if (of === "annotations" || (add ?? change ?? remove) === undefined) return;
  throw new VitrineError({
    code: "range",
    at: "edit",
    expected: "classes of labels",
    found: "a change of the labels themselves",
    hint: "Labels are the pixels of their image: change them where the image is made",
  });
}

function lockedError({ sidecar, locked = "" }: Loaded): VitrineError {
  return new VitrineError({
    code: "unsupported",
    at: sidecar.name,
    expected: "a file that is kept whole when it is written anew",
    found: locked,
    hint: "Move the file away, or work on a copy without what is named",
  });
}
