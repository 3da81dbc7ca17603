/** The tiles of an image as they are loaded, kept on the graphics card and drawn. */
import type { Device, RenderPass } from "@luma.gl/core";
import { Buffer as GpuBuffer } from "@luma.gl/core";
import { Model } from "@luma.gl/engine";
import type { ColormapName } from "../colormaps.ts";
import { type AtlasFormat, layersOf, TileAtlas } from "./tileAtlas.ts";
import { keyOf, type Planes, TileLoads } from "./tileLoads.ts";
import { levelAt, type PlacedTile, placed, type TileBox, type TileGrid, tilesWithin } from "./tilePlaces.ts";
import { type ChannelLook, looksOf, tileShader } from "./tileShader.ts";

/** What is drawn. */
export interface ShownImage {
  readonly planes: Planes;
  readonly grid: TileGrid;
  /** Values are bytes; else they are drawn as 32-bit floats. */
  readonly isByte: boolean;
  /** One a channel of the planes. */
  readonly looks: readonly ChannelLook[];
  /** Of the only channel, in place of its colour. */
  readonly colormap: ColormapName | undefined;
}

/** Where the stage looks. */
export interface Camera {
  /** What it shows, pixels of full resolution. */
  readonly box: TileBox;
  /** Log2 of screen pixels a pixel. */
  readonly zoom: number;
  /** Screen pixels. */
  readonly width: number;
  readonly height: number;
}

/** Time that a frame spends on new tiles, ms: others come with the next one. */
const UPLOAD_MS = 8;
/** Bytes that tiles take there, unless the stage needs more. */
const MOST_BYTES = 2 ** 27;
/** Numbers of an instance: box, part, slot with size and sharpness. */
const NUMBERS = 12;

/** One choice of planes: its tiles and how they look. */
interface Generation {
  readonly name: string;
  readonly loads: TileLoads;
  readonly atlas: TileAtlas;
  readonly grid: TileGrid;
  image: ShownImage;
}

/** Draws an image; of other planes the last ones stay until theirs have come. */
export class ImageTiles {
  readonly #device: Device;
  readonly #redraw: () => void;
  readonly #onError: (error: Error) => void;
  readonly #models = new Map<string, Model>();
  readonly #instances: GpuBuffer[] = [];
  #image: ShownImage | undefined;
  #now: Generation | undefined;
  #before: Generation | undefined;
  #made = 0;
  #frame = 0;

  /** @param redraw  asks for another frame */
  constructor(device: Device, redraw: () => void, onError: (error: Error) => void) {
    this.#device = device;
    this.#redraw = redraw;
    this.#onError = onError;
  }

  /** Another image, other planes or other looks. */
  show(image: ShownImage): void {
    this.#image = image;
    if (this.#now !== undefined && isSamePlanes(this.#now.image.planes, image.planes))
      this.#now.image = image;
  }

  /** Draws what is there and asks for what is not. */
  draw(pass: RenderPass, camera: Camera): void {
    this.#frame++;
    const now = this.#generation(camera);
    if (now === undefined) return;
    const { grid } = now;
    const wanted = tilesWithin(grid, levelAt(grid, camera.zoom), camera.box);
    // the coarsest tiles stand in for all others
    const last = tilesWithin(grid, grid.levels.length - 1, camera.box);
    const missing = [...last.slice(0, 4), ...wanted].filter((tile) => !this.#has(now, keyOf(tile)));
    now.loads.want(missing);
    this.#upload(now);
    const parts = { now: [] as PlacedTile[], before: [] as PlacedTile[] };
    let isWhole = true;
    for (const tile of wanted) {
      const isThere = this.#has(now, keyOf(tile));
      isWhole &&= isThere;
      const own =
        isThere || this.#before === undefined ? placed(grid, tile, (t) => this.#has(now, keyOf(t))) : [];
      parts.now.push(...own);
      const before = this.#before;
      if (own.length === 0 && before !== undefined)
        parts.before.push(...placed(before.grid, tile, (t) => this.#has(before, keyOf(t))));
    }
    if (this.#before !== undefined) this.#drawParts(pass, this.#before, { parts: parts.before, camera });
    this.#drawParts(pass, now, { parts: parts.now, camera });
    if (isWhole) this.#forgetBefore();
  }

  destroy(): void {
    this.#now?.loads.stop();
    this.#now?.atlas.destroy();
    if (this.#before?.atlas !== this.#now?.atlas) this.#before?.atlas.destroy();
    for (const model of this.#models.values()) model.destroy();
    for (const buffer of this.#instances) buffer.destroy();
  }

  #has({ name, atlas }: Generation, key: string): boolean {
    return atlas.has(`${name} ${key}`);
  }

  /** The tiles of the planes that are to be shown. */
  #generation(camera: Camera): Generation | undefined {
    const image = this.#image;
    if (image === undefined || image.planes.channels.length === 0) return undefined;
    const { grid } = image;
    const format = { side: grid.tileSize, channels: image.planes.channels.length, isByte: image.isByte };
    const slots = slotsFor(format, camera);
    const known = this.#now;
    const isSame = known !== undefined && isSamePlanes(known.image.planes, image.planes);
    if (isSame && known.atlas.slots >= Math.min(slots.needed, known.atlas.most)) return known;
    const isFitting =
      known !== undefined && isSameFormat(known.atlas.format, format) && known.atlas.slots >= slots.needed;
    const atlas = isFitting ? known.atlas : new TileAtlas(this.#device, format, slots.held);
    const next: Generation = {
      name: String(this.#made++),
      loads: new TileLoads(image.planes, this.#redraw, this.#onError),
      atlas,
      grid,
      image,
    };
    known?.loads.stop();
    const isSameScene = known?.image.planes.scene.key === image.planes.scene.key;
    const old = this.#before;
    // what nothing has come of yet does not stand in for others
    this.#before = isSameScene ? (known?.atlas.hasSome(known.name) ? known : old) : undefined;
    this.#now = next;
    this.#retire([known, old]);
    return next;
  }

  #forgetBefore(): void {
    const old = this.#before;
    this.#before = undefined;
    this.#retire([old]);
  }

  /** Gives back what generations have that are no longer drawn. */
  #retire(generations: readonly (Generation | undefined)[]): void {
    const drawn = [this.#now, this.#before];
    const textures = new Set(drawn.map((each) => each?.atlas));
    for (const each of new Set(generations)) {
      if (each === undefined || drawn.includes(each)) continue;
      if (textures.has(each.atlas)) each.atlas.drop((key) => key.startsWith(`${each.name} `));
      else each.atlas.destroy();
    }
  }

  #upload({ loads, atlas, name }: Generation): void {
    const start = performance.now();
    while (performance.now() - start < UPLOAD_MS) {
      const loaded = loads.take();
      if (loaded === undefined) break;
      atlas.put(`${name} ${keyOf(loaded.tile)}`, loaded.values, this.#frame);
    }
    if (loads.hasMore) this.#redraw();
  }

  #drawParts(
    pass: RenderPass,
    generation: Generation,
    { parts, camera }: { readonly parts: readonly PlacedTile[]; readonly camera: Camera },
  ): void {
    if (parts.length === 0) return;
    const { atlas, name, image } = generation;
    const numbers = new Float32Array(NUMBERS * parts.length);
    for (const [i, { tile, box, part }] of parts.entries()) {
      const { slot, width, height } = atlas.use(`${name} ${keyOf(tile)}`, this.#frame);
      // full resolution has edges of pixels, coarser levels are smooth
      const sharp = tile.level === 0 ? -1 : 1;
      numbers.set([...clipBox(box, camera), ...part, slot, width, height, sharp], NUMBERS * i);
    }
    const model = this.#model(image);
    const buffer = this.#buffer(generation === this.#now ? 0 : 1, numbers);
    model.setAttributes({ instances: buffer });
    model.setInstanceCount(parts.length);
    model.setBindings({ tileValues: atlas.texture });
    model.shaderInputs.setProps({ looks: looksOf(image.looks, image.isByte ? 255 : 1) });
    model.draw(pass);
  }

  #buffer(index: number, numbers: Float32Array): GpuBuffer {
    const known = this.#instances[index];
    if (known !== undefined && known.byteLength >= numbers.byteLength) {
      known.write(numbers);
      return known;
    }
    known?.destroy();
    const made = this.#device.createBuffer({
      byteLength: 2 * numbers.byteLength,
      usage: GpuBuffer.VERTEX | GpuBuffer.COPY_DST,
    });
    made.write(numbers);
    this.#instances[index] = made;
    return made;
  }

  #model({ planes: { channels }, colormap }: ShownImage): Model {
    const key = `${channels.length} ${colormap ?? ""}`;
    const known = this.#models.get(key);
    if (known !== undefined) return known;
    const made = new Model(this.#device, {
      id: `image tiles ${key}`,
      ...tileShader(channels.length, colormap),
      topology: "triangle-strip",
      vertexCount: 4,
      isInstanced: true,
      bufferLayout: [
        {
          name: "instances",
          stepMode: "instance",
          byteStride: 4 * NUMBERS,
          attributes: ["boxes", "parts", "tiles"].map((attribute, i) => ({
            attribute,
            format: "float32x4" as const,
            byteOffset: 16 * i,
          })),
        },
      ],
      parameters: { depthWriteEnabled: false, depthCompare: "always", blend: false, cullMode: "none" },
    });
    this.#models.set(key, made);
    return made;
  }
}

/** A box in the coordinates of the graphics card: -1 to 1, y upwards. */
function clipBox([left, top, right, bottom]: TileBox, { box }: Camera): TileBox {
  const [width, height] = [box[2] - box[0], box[3] - box[1]];
  const x = (at: number) => (2 * (at - box[0])) / width - 1;
  const y = (at: number) => 1 - (2 * (at - box[1])) / height;
  return [x(left), y(top), x(right), y(bottom)];
}

/** Slots that a stage fills at most, and those that there are: what was seen last is not read again. */
function slotsFor(
  format: AtlasFormat,
  { width, height }: Camera,
): { readonly needed: number; readonly held: number } {
  // a pixel of a tile covers between 0.7 and 1.4 of the screen's
  const across = (length: number) => Math.ceil(length / (format.side * Math.SQRT1_2)) + 1;
  const needed = across(width) * across(height) + 4;
  const bytes = layersOf(format) * format.side ** 2 * (format.isByte ? 4 : 16);
  return { needed, held: Math.max(needed + 4, Math.min(3 * needed, Math.floor(MOST_BYTES / bytes))) };
}

function isSamePlanes(a: Planes, b: Planes): boolean {
  return (
    a.scene === b.scene && JSON.stringify([a.channels, a.places]) === JSON.stringify([b.channels, b.places])
  );
}

function isSameFormat(a: AtlasFormat, b: AtlasFormat): boolean {
  return a.side === b.side && a.channels === b.channels && a.isByte === b.isByte;
}
