/** Tiles on their way from the server to the graphics card: what the stage wants is asked for, what it no longer wants is not waited for. */
import type { Places, Scene } from "../../scene/scene.ts";
import type { TileValues } from "../../scene/tiles.ts";
import type { TileIndex } from "./tilePlaces.ts";

/** Planes of an image that are drawn together. */
export interface Planes {
  readonly scene: Pick<Scene, "key" | "tile">;
  readonly channels: readonly number[];
  readonly places: Places;
}

/** A tile that came, one array a channel. */
export interface LoadedTile {
  readonly tile: TileIndex;
  readonly values: readonly TileValues[];
}

/** Tiles that are asked for at once. */
const AT_ONCE = 6;

/** Loads tiles of planes. */
export class TileLoads {
  readonly #planes: Planes;
  readonly #onTile: () => void;
  readonly #onError: (error: Error) => void;
  readonly #running = new Map<string, AbortController>();
  readonly #failed = new Set<string>();
  #came = new Map<string, LoadedTile>();

  /** @param onTile  one more has come */
  constructor(planes: Planes, onTile: () => void, onError: (error: Error) => void) {
    this.#planes = planes;
    this.#onTile = onTile;
    this.#onError = onError;
  }

  /** Asks for tiles in their order; those that are not among them are given up. */
  want(tiles: readonly TileIndex[]): void {
    const keys = new Set(tiles.map(keyOf));
    for (const [key, controller] of this.#running)
      if (!keys.has(key)) {
        controller.abort();
        this.#running.delete(key);
      }
    for (const key of this.#came.keys()) if (!keys.has(key)) this.#came.delete(key);
    for (const tile of tiles) {
      if (this.#running.size >= AT_ONCE) return;
      const key = keyOf(tile);
      if (!this.#running.has(key) && !this.#came.has(key) && !this.#failed.has(key)) this.#load(key, tile);
    }
  }

  /** Hands out a tile that came, the first that was wanted first; undefined: none. */
  take(): LoadedTile | undefined {
    for (const [key, loaded] of this.#came) {
      this.#came.delete(key);
      return loaded;
    }
    return undefined;
  }

  /** Whether tiles have come that nobody took. */
  get hasMore(): boolean {
    return this.#came.size > 0;
  }

  /** Gives up all. */
  stop(): void {
    for (const controller of this.#running.values()) controller.abort();
    this.#running.clear();
    this.#came.clear();
  }

  #load(key: string, tile: TileIndex): void {
    const controller = new AbortController();
    this.#running.set(key, controller);
    const { scene, channels, places } = this.#planes;
    const { signal } = controller;
    Promise.all(channels.map((channel) => scene.tile({ ...tile, channel, places }, signal))).then(
      (values) => {
        if (signal.aborted) return;
        this.#running.delete(key);
        this.#came.set(key, { tile, values });
        this.#onTile();
      },
      (error: Error) => {
        if (signal.aborted) return;
        this.#running.delete(key);
        this.#failed.add(key);
        this.#onError(error);
        // a place is free for the next one
        this.#onTile();
      },
    );
  }
}

/** A tile's name. */
export function keyOf({ level, row, column }: TileIndex): string {
  return `${level} ${row} ${column}`;
}
