/** Tiles on the graphics card: slots of one texture, so that none is made or dropped while the stage moves. */
import type { Device, Texture } from "@luma.gl/core";
import type { TileValues } from "../../scene/tiles.ts";

/** How values lie in the texture. */
export interface AtlasFormat {
  /** Side of a tile, pixels. */
  readonly side: number;
  /** Channels of a tile. */
  readonly channels: number;
  readonly isByte: boolean;
}

/** Channels that one look into the texture reads. */
const TOGETHER = 4;
const FORMATS = {
  byte: { 1: "r8unorm", 2: "rg8unorm", 4: "rgba8unorm" },
  float: { 1: "r32float", 2: "rg32float", 4: "rgba32float" },
} as const;

/** Numbers of a pixel in a layer of the texture: 1, 2 or 4. */
export function componentsOf({ channels }: Pick<AtlasFormat, "channels">): 1 | 2 | 4 {
  return channels === 1 ? 1 : channels === 2 ? 2 : 4;
}

/** Layers of the texture that a tile takes. */
export function layersOf({ channels }: Pick<AtlasFormat, "channels">): number {
  return Math.ceil(channels / TOGETHER);
}

/** Slots of tiles; the one that was drawn longest ago is given to the next tile. */
export class TileAtlas {
  readonly format: AtlasFormat;
  readonly slots: number;
  /** Slots that the graphics card allows. */
  readonly most: number;
  readonly texture: Texture;
  readonly #device: Device;
  readonly #slotOf = new Map<string, number>();
  readonly #sizes: [width: number, height: number][] = [];
  readonly #usedAt: number[] = [];
  readonly #keys: (string | undefined)[] = [];

  /** @param slots  tiles that it holds at most */
  constructor(device: Device, format: AtlasFormat, slots: number) {
    this.most = Math.floor(device.limits.maxTextureArrayLayers / layersOf(format));
    this.slots = Math.min(slots, this.most);
    this.format = format;
    this.#device = device;
    const textureFormat = FORMATS[format.isByte ? "byte" : "float"][componentsOf(format)];
    const filter = device.isTextureFormatFilterable(textureFormat) ? "linear" : "nearest";
    this.texture = device.createTexture({
      dimension: "2d-array",
      width: format.side,
      height: format.side,
      depth: this.slots * layersOf(format),
      format: textureFormat,
      sampler: {
        minFilter: filter,
        magFilter: filter,
        addressModeU: "clamp-to-edge",
        addressModeV: "clamp-to-edge",
      },
    });
  }

  /** Whether a tile is there. */
  has(key: string): boolean {
    return this.#slotOf.has(key);
  }

  /** Whether any tile of a name that begins so is there. */
  hasSome(name: string): boolean {
    return this.#keys.some((key) => key?.startsWith(`${name} `));
  }

  /** The slot of a tile that is drawn in a frame, and its size, pixels. */
  use(
    key: string,
    frame: number,
  ): { readonly slot: number; readonly width: number; readonly height: number } {
    const slot = this.#slotOf.get(key)!;
    this.#usedAt[slot] = frame;
    const [width, height] = this.#sizes[slot];
    return { slot, width, height };
  }

  /** Puts a tile into a slot; false: all hold tiles of this frame. */
  put(key: string, values: readonly TileValues[], frame: number): boolean {
    const slot = this.#freeSlot(frame);
    if (slot === undefined) return false;
    const old = this.#keys[slot];
    if (old !== undefined) this.#slotOf.delete(old);
    const { width, height } = values[0];
    this.#keys[slot] = key;
    this.#slotOf.set(key, slot);
    this.#usedAt[slot] = frame;
    this.#sizes[slot] = [width, height];
    for (let layer = 0; layer < layersOf(this.format); layer++)
      this.#upload(
        slot * layersOf(this.format) + layer,
        values.slice(TOGETHER * layer, TOGETHER * (layer + 1)),
      );
    return true;
  }

  /** Forgets tiles. */
  drop(isGone: (key: string) => boolean): void {
    for (const [key, slot] of this.#slotOf)
      if (isGone(key)) {
        this.#slotOf.delete(key);
        this.#keys[slot] = undefined;
        this.#usedAt[slot] = -1;
      }
  }

  destroy(): void {
    this.texture.destroy();
  }

  #freeSlot(frame: number): number | undefined {
    if (this.#keys.length < this.slots) return this.#keys.length;
    let oldest = 0;
    for (let slot = 1; slot < this.slots; slot++)
      if (this.#usedAt[slot] < this.#usedAt[oldest]) oldest = slot;
    return this.#usedAt[oldest] < frame ? oldest : undefined;
  }

  #upload(layer: number, values: readonly TileValues[]): void {
    const components = componentsOf(this.format);
    const { width, height } = values[0];
    const pixels = packed(values, { components, isByte: this.format.isByte });
    const { gl } = this.#device as unknown as { readonly gl: WebGL2RenderingContext };
    const { handle, glFormat, glType } = this.texture as unknown as {
      readonly handle: WebGLTexture;
      readonly glFormat: number;
      readonly glType: number;
    };
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, handle);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, 0, 0, layer, width, height, 1, glFormat, glType, pixels);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, null);
  }
}

/** Values of channels side by side, pixel by pixel; what no channel fills is 0. */
export function packed(
  values: readonly TileValues[],
  { components, isByte }: { readonly components: number; readonly isByte: boolean },
): Uint8Array | Float32Array {
  const count = values[0].width * values[0].height;
  const [first] = values;
  if (components === 1 && isByte && first.data instanceof Uint8Array) return first.data;
  const all = isByte ? new Uint8Array(components * count) : new Float32Array(components * count);
  for (const [channel, { data }] of values.entries())
    for (let i = 0, to = channel; i < count; i++, to += components) all[to] = data[i];
  return all;
}
