import { newBytes } from "#files";
import type { Axes, ImageLayout, PixelArray, PixelImage } from "../../core/index.ts";
import {
  axesKey,
  bytesPerValue,
  describeAxes,
  imageBytes,
  pixelBytes,
  pixelView,
  VitrineError,
} from "../../core/index.ts";
import { swapBytes } from "../byteOrder.ts";
import { BaseDataset } from "../dataset/baseDataset.ts";
import type { JsonObject } from "../dataset/dataset.ts";
import { Poller } from "../dataset/poller.ts";
import { givenPixels, type ReadImageOptions } from "../dataset/readImage.ts";
import {
  entryLayout,
  malformed,
  type NdtiffEntry,
  type NdtiffVersion,
  overlapOf,
  pixelFormat,
  within,
} from "./format.ts";
import { decodeJsonObject } from "./json.ts";
import type { StackFiles } from "./stackFiles.ts";

/** What a dataset consists of when it is opened or begun. */
export interface NdtiffContent {
  readonly name: string;
  readonly summaryMetadata: JsonObject;
  /** Undefined where there is no stack that would say. */
  readonly version: NdtiffVersion | undefined;
  /** log2 of the factor between full resolution and this level. */
  readonly resolutionLevel: number;
  readonly stacks: StackFiles;
  readonly displaySettings: JsonObject | undefined;
  /** Looks what another program has written since; undefined where this process is the writer. */
  readonly follower: { follow(dataset: NdtiffDataset): Promise<void> } | undefined;
  /** Time between two looks while somebody waits for an image. */
  readonly pollMs: number;
}

/**
 * An NDTiff folder or pyramid, finished or still written, by this process or another one. It is itself the full resolution;
 * `level(n)` gives the others. Pixels and metadata are read from disk at each call; calls may overlap.
 *
 * Axes are those of the file. Where an axis has names, the number n stands for the n-th that was saved, and where channels
 * are numbers (before version 3.2), their names stand for them.
 */
export class NdtiffDataset extends BaseDataset<NdtiffEntry> {
  readonly version: NdtiffVersion | undefined;
  /** 0: full resolution; each one more halves the sides. */
  readonly resolutionLevel: number;
  /** Pixels that neighbouring tiles share; none below full resolution, undefined for images that are no tiles. */
  readonly overlapPx: { readonly x: number; readonly y: number } | undefined;
  /** What the file display_settings.txt holds; undefined without one that is whole. */
  readonly displaySettings: JsonObject | undefined;
  readonly #content: NdtiffContent;
  readonly #lower = new Map<number, NdtiffDataset>();
  readonly #channels = new Map<number, string>();
  readonly #texts = new Map<string, Set<string>>();
  readonly #channelValues = new Set<number | string>();
  readonly #lost = new Map<string, NdtiffEntry>();
  /** Bytes of images whose writer still has them in memory. */
  readonly #held = new Map<NdtiffEntry, Uint8Array>();
  #last: NdtiffEntry | undefined;
  #recovered = 0;
  #looked: Promise<void> = Promise.resolve();
  readonly #poller: Poller;
  #isClosed = false;

  constructor(content: NdtiffContent) {
    super(content.name, content.summaryMetadata);
    this.#content = content;
    this.version = content.version;
    this.resolutionLevel = content.resolutionLevel;
    this.displaySettings = content.displaySettings;
    const overlap = overlapOf(content.summaryMetadata);
    this.overlapPx = overlap && (content.resolutionLevel === 0 ? overlap : { x: 0, y: 0 });
    const isOver = () => this.isFinished || this.#isClosed;
    this.#poller = new Poller(() => this.refresh(), { isOver, pauseMs: content.pollMs });
  }

  /** Images, of all levels, that were found in the stacks though the index does not have them: the writer crashed. */
  get recovered(): number {
    return [...this.#lower.values()].reduce((sum, level) => sum + level.recovered, this.#recovered);
  }

  /** Images that the index names but whose bytes never reached the disk: the power failed, or a copy was cut. */
  get lostImages(): readonly Axes[] {
    return [...this.#lost.values()].map(({ axes }) => axes);
  }

  /** The levels that there are, rising; `[0]` for all but pyramids. */
  get levels(): readonly number[] {
    return [this.resolutionLevel, ...[...this.#lower.keys()].sort((a, b) => a - b)];
  }

  override get channelNames(): readonly string[] {
    const nameOf = (value: number | string) =>
      typeof value === "number" ? (this.#channels.get(value) ?? String(value)) : value;
    return [...this.#channelValues].map(nameOf);
  }

  /** A level, closed with the pyramid. @throws {VitrineError} missing: no such level */
  level(n: number): NdtiffDataset {
    const level = n === this.resolutionLevel ? this : this.#lower.get(n);
    if (level !== undefined) return level;
    const expected = `one of the levels ${this.levels.join(", ")}`;
    throw new VitrineError({ code: "missing", at: this.name, expected, found: String(n) });
  }

  override hasImage(axes: Axes): boolean {
    return super.hasImage(axes) || super.hasImage(this.#named(axes));
  }

  imageLayout(axes: Axes): ImageLayout {
    return entryLayout(this.entry(axes));
  }

  /** Bits of a value that the camera uses: 8, 10, 11, 12, 14 or 16. @throws {VitrineError} missing */
  imageBitDepth(axes: Axes): number {
    return pixelFormat(this.entry(axes).pixelType)?.bitDepth ?? 16;
  }

  async readImage(axes: Axes, options?: ReadImageOptions): Promise<PixelImage> {
    const entry = this.entry(axes);
    const layout = entryLayout(entry);
    const into = givenPixels(layout, options, this.name);
    const held = this.#held.get(entry);
    if (held !== undefined) return copyOf(held, layout, into);
    const { stacks } = this.#content;
    const what = `pixels of ${describeAxes(entry.axes)}`;
    const bytes = await stacks.read(entry.file, {
      offset: entry.pixelOffset,
      length: imageBytes(layout),
      what,
      ...(into !== undefined && { into: pixelBytes(into) }),
    });
    const width = bytesPerValue(layout.dtype);
    if (width > 1 && (await stacks.open(entry.file)).isSwapped) swapBytes(bytes, width);
    return {
      data: into ?? pixelView(layout, bytes.buffer, bytes.byteOffset),
      width: layout.width,
      height: layout.height,
      channels: layout.channels,
    };
  }

  async readMetadata(axes: Axes): Promise<JsonObject> {
    const { file, metadataOffset: offset, metadataBytes: length, axes: known } = this.entry(axes);
    const what = `metadata of ${describeAxes(known)}`;
    const bytes = await this.#content.stacks.read(file, { offset, length, what });
    return decodeJsonObject(bytes, `${within(this.#content.stacks.folder, file)} ${what}`);
  }

  /**
   * As {@link Dataset.awaitNewImage}. Where another program writes, the index is looked at every 100 ms while somebody waits;
   * the dataset is finished once its last stack is cut to its last image. One whose writer died never is, unless repaired.
   */
  override async awaitNewImage(options: { readonly signal?: AbortSignal } = {}): Promise<Axes | null> {
    const answer = super.awaitNewImage(options);
    if (this.isFinished || this.#content.follower === undefined) return answer;
    return this.#poller.until(answer);
  }

  /** Looks what another program has saved since, in all levels. @throws {VitrineError} format, storage */
  async refresh(): Promise<void> {
    const { follower } = this.#content;
    const look = this.#looked.then(async () => {
      if (!this.isFinished) await follower?.follow(this);
    });
    // one look at a time: each reads on where the last one stopped
    this.#looked = look.catch(() => {});
    await look;
  }

  /** Makes an image known that can be read. Returns whether its axes are new. */
  add(entry: NdtiffEntry): boolean {
    this.#addNames(entry.axes);
    this.#last = entry;
    return this.addImage(entry.axes, entry);
  }

  /** Makes reads of an image copy these bytes, until the function that it returns is called. */
  hold(entry: NdtiffEntry, pixels: Uint8Array): () => void {
    this.#held.set(entry, pixels);
    return () => this.letGo(entry);
  }

  /** Reads of an image come from its stack. */
  letGo(entry: NdtiffEntry): void {
    this.#held.delete(entry);
  }

  /** As {@link add}, for an image that the index lacks. */
  addRecovered(entry: NdtiffEntry): void {
    this.#recovered++;
    this.add(entry);
  }

  /** Tells that an image of the index was not written. */
  addLost(entry: NdtiffEntry): void {
    this.#lost.set(axesKey(entry.axes), entry);
  }

  /** The image that was added last. */
  get lastEntry(): NdtiffEntry | undefined {
    return this.#last;
  }

  /** Whether this very image is known already. */
  knows({ axes, file, pixelOffset }: NdtiffEntry): boolean {
    if (!super.hasImage(axes)) return false;
    const known = this.entryOf(axes);
    return known.file === file && known.pixelOffset === pixelOffset;
  }

  /** Tells the name of a channel that is a number in the axes. */
  nameChannel(channel: number, name: string): void {
    this.#channels.set(channel, name);
  }

  /** Whether the name of a numbered channel is known. */
  knowsChannel(channel: number): boolean {
    return this.#channels.has(channel);
  }

  addLevel(level: NdtiffDataset): void {
    this.#lower.set(level.resolutionLevel, level);
  }

  /** No image will be added any more. */
  finish(): void {
    this.markFinished();
  }

  /** Where an image lies. @throws {VitrineError} missing */
  entry(axes: Axes): NdtiffEntry {
    if (super.hasImage(axes)) return this.entryOf(axes);
    const lost = this.#lost.get(axesKey(axes));
    if (lost === undefined) return this.entryOf(this.#named(axes));
    const at = `${within(this.#content.stacks.folder, lost.file)} image at ${describeAxes(axes)}`;
    throw malformed(at, `${lost.metadataBytes} bytes of metadata at byte ${lost.metadataOffset}`, "none");
  }

  protected async release(): Promise<void> {
    this.#isClosed = true;
    this.#held.clear();
    await Promise.all([
      this.#content.stacks.close(),
      ...[...this.#lower.values()].map((level) => level.close()),
    ]);
  }

  protected override tileOverlap(): { readonly x: number; readonly y: number } | null {
    return this.overlapPx ?? null;
  }

  #addNames(axes: Axes): void {
    for (const [name, value] of Object.entries(axes)) {
      if (name === "channel") this.#channelValues.add(value);
      if (typeof value !== "string") continue;
      const texts = this.#texts.get(name);
      if (texts === undefined) this.#texts.set(name, new Set([value]));
      else texts.add(value);
    }
  }

  #named(axes: Axes): Axes {
    const named = Object.entries(axes).map(([name, value]) => [name, this.#namedValue(name, value)]);
    return Object.fromEntries(named);
  }

  #namedValue(name: string, value: number | string): number | string {
    if (typeof value === "number") return [...(this.#texts.get(name) ?? [])][value] ?? value;
    if (name !== "channel") return value;
    return [...this.#channels].find(([, channel]) => channel === value)?.[0] ?? value;
  }
}

/** An image that is in memory, in memory of its own or in `into`. */
function copyOf(pixels: Uint8Array, layout: ImageLayout, into: PixelArray | undefined): PixelImage {
  const data = into ?? pixelView(layout, newBytes(pixels.length).buffer);
  pixelBytes(data).set(pixels);
  const { width, height, channels } = layout;
  return { data, width, height, channels };
}
