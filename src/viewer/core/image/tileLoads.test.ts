import { expect, test, vi } from "vitest";
import type { TileValues } from "../../scene/tiles.ts";
import { keyOf, TileLoads } from "./tileLoads.ts";

const at = (column: number) => ({ level: 0, row: 0, column });

/** A scene whose tiles come when they are told to. */
function slowScene() {
  const asked = new Map<string, { readonly settle: (error?: Error) => void; readonly signal: AbortSignal }>();
  const tile = (place: { column: number; channel: number }, signal?: AbortSignal) =>
    new Promise<TileValues>((resolve, reject) => {
      const values = { data: Uint8Array.of(10 * place.column + place.channel), width: 1, height: 1 };
      asked.set(`${place.column} ${place.channel}`, {
        settle: (error) => (error === undefined ? resolve(values) : reject(error)),
        signal: signal!,
      });
    });
  return { asked, scene: { key: "slow", tile } };
}

function loadsOf(channels: readonly number[]) {
  const { asked, scene } = slowScene();
  const onTile = vi.fn();
  const onError = vi.fn();
  return { asked, onTile, onError, loads: new TileLoads({ scene, channels, places: {} }, onTile, onError) };
}

test("a tile is handed out once all of its channels are there", async () => {
  const { asked, onTile, loads } = loadsOf([0, 2]);
  loads.want([at(3)]);
  asked.get("3 0")!.settle();
  await Promise.resolve();
  expect(loads.take()).toBeUndefined();
  asked.get("3 2")!.settle();
  await vi.waitFor(() => expect(onTile).toHaveBeenCalledOnce());
  const { tile, values } = loads.take()!;
  expect([keyOf(tile), values.map(({ data }) => data[0])]).toEqual(["0 0 3", [30, 32]]);
  expect(loads.take()).toBeUndefined();
});

test("six tiles are asked for at once, the others as these come; what is no longer wanted is given up", async () => {
  const { asked, onTile, loads } = loadsOf([0]);
  const wanted = Array.from({ length: 9 }, (_, i) => at(i));
  loads.want(wanted);
  expect(asked.size).toBe(6);
  asked.get("0 0")!.settle();
  await vi.waitFor(() => expect(onTile).toHaveBeenCalledOnce());
  loads.want(wanted);
  expect([...asked.keys()].at(-1)).toBe("6 0");
  loads.want([at(8)]);
  expect(asked.get("1 0")!.signal.aborted).toBe(true);
  expect(asked.has("8 0")).toBe(true);
  // the one that came belongs to what was wanted before
  expect(loads.take()).toBeUndefined();
});

test("a tile that fails is told once and not asked for again", async () => {
  const { asked, onError, loads } = loadsOf([0]);
  loads.want([at(0)]);
  asked.get("0 0")!.settle(new Error("gone"));
  await vi.waitFor(() => expect(onError).toHaveBeenCalledExactlyOnceWith(new Error("gone")));
  asked.clear();
  loads.want([at(0), at(1)]);
  expect([...asked.keys()]).toEqual(["1 0"]);
});
