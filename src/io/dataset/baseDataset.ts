import type { Axes, ImageLayout, PixelImage } from "../../core/index.ts";
import { axesKey, describeAxes, requireKnownOptions, VitrineError } from "../../core/index.ts";
import type { ArrayOptions, Dataset, DatasetArray, JsonObject } from "./dataset.ts";
import { arrayOf } from "./datasetArray.ts";
import type { ReadImageOptions } from "./readImage.ts";
import { ImageWaiters } from "./waiters.ts";

type AxisValue = number | string;

/**
 * What all datasets share: which images there are, their axes, who waits for the next one. A subclass keeps an entry per image
 * (its pixels, or where they lie) and says how to read it.
 *
 * A subclass calls {@link addImage} for every image once it can be read, and {@link markFinished} when no more come.
 */
export abstract class BaseDataset<Entry> implements Dataset {
  readonly name: string;
  readonly summaryMetadata: JsonObject;
  readonly #entries = new Map<string, { readonly axes: Axes; entry: Entry }>();
  readonly #values = new Map<string, Set<AxisValue>>();
  readonly #waiters = new ImageWaiters();
  #sorted: Readonly<Record<string, readonly AxisValue[]>> | undefined;
  #isFinished = false;

  constructor(name: string, summaryMetadata: JsonObject) {
    this.name = name;
    this.summaryMetadata = summaryMetadata;
  }

  abstract imageLayout(axes: Axes): ImageLayout;
  abstract readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage>;
  abstract readMetadata(axes: Axes): Promise<JsonObject>;
  /** Gives back what the dataset holds; called once. */
  protected abstract release(): Promise<void>;

  get axes(): Readonly<Record<string, readonly AxisValue[]>> {
    this.#sorted ??= Object.fromEntries(
      [...this.#values].map(([name, values]) => [name, [...values].sort(compareValues)]),
    );
    return this.#sorted;
  }

  get axesTypes(): Readonly<Record<string, "int" | "string">> {
    return Object.fromEntries(
      [...this.#values].map(([name, values]) => {
        const numbers = [...values].every((value) => typeof value === "number");
        return [name, numbers ? "int" : "string"];
      }),
    );
  }

  get channelNames(): readonly string[] {
    return [...(this.#values.get("channel") ?? [])].map(String);
  }

  get isFinished(): boolean {
    return this.#isFinished;
  }

  hasImage(axes: Axes): boolean {
    return this.#entries.has(axesKey(axes));
  }

  imageCoordinates(): readonly Axes[] {
    return [...this.#entries.values()].map(({ axes }) => axes);
  }

  asArray(axes?: readonly string[], options: ArrayOptions = {}): DatasetArray {
    requireKnownOptions("asArray", options, { stitched: true, slice: true, fill: true });
    return arrayOf(this, axes, { ...options, overlap: () => this.tileOverlap() });
  }

  async awaitNewImage(options: { readonly signal?: AbortSignal } = {}): Promise<Axes | null> {
    requireKnownOptions("awaitNewImage", options, { signal: true });
    if (this.#isFinished) return null;
    return this.#waiters.wait(options.signal);
  }

  async close(): Promise<void> {
    this.markFinished();
    await this.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Makes an image known, or replaces the entry of its axes, and wakes whoever waits. Returns whether it is new. */
  protected addImage(axes: Axes, entry: Entry): boolean {
    const key = axesKey(axes);
    const known = this.#entries.get(key);
    if (known === undefined) this.#addNew(key, { axes, entry });
    else known.entry = entry;
    this.#waiters.wake(axes);
    return known === undefined;
  }

  /** No image will be added any more; a second call does nothing. */
  protected markFinished(): void {
    this.#isFinished = true;
    this.#waiters.wake(null);
  }

  /** Lets go of all entries; the dataset has no images afterwards. */
  protected forgetImages(): void {
    this.#entries.clear();
  }

  /** The entry of an image. @throws {VitrineError} missing: no image has these axes */
  protected entryOf(axes: Axes): Entry {
    const found = this.#entries.get(axesKey(axes));
    if (found !== undefined) return found.entry;
    throw new VitrineError({
      code: "missing",
      at: this.name,
      expected: `an image at ${describeAxes(axes)}`,
      found: `none among ${this.#entries.size} images${this.#nearby(axes)}`,
      hint: "imageCoordinates() lists what there is",
    });
  }

  /** Pixels that neighbouring tiles share; null where the dataset does not say. */
  protected tileOverlap(): { readonly x: number; readonly y: number } | null {
    const { GridPixelOverlapX: x, GridPixelOverlapY: y } = this.summaryMetadata;
    return typeof x === "number" && typeof y === "number" ? { x, y } : null;
  }

  #addNew(key: string, image: { readonly axes: Axes; entry: Entry }): void {
    this.#entries.set(key, image);
    for (const [name, value] of Object.entries(image.axes)) {
      const values = this.#values.get(name);
      if (values?.has(value)) continue;
      if (values === undefined) this.#values.set(name, new Set([value]));
      else values.add(value);
      this.#sorted = undefined;
    }
  }

  /** The axis at fault, where one alone is. */
  #nearby(axes: Axes): string {
    const unknown = Object.keys(axes).find((name) => !this.#values.has(name));
    if (unknown !== undefined) return `, which have no axis ${unknown}`;
    const lacking = [...this.#values.keys()].find((name) => axes[name] === undefined);
    return lacking === undefined ? "" : `, whose axes are ${[...this.#values.keys()].join(", ")}`;
  }
}

/** Numbers before strings, each in rising order. */
function compareValues(a: AxisValue, b: AxisValue): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
}
