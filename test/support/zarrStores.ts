/** Zarr stores that tests write by hand. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Contents by names within a store, objects as JSON. */
export type StoreFiles = Readonly<Record<string, object | string>>;

/** What writes stores into a folder, and gives where each lies. */
export function storeMaker(scratch: string): (files: StoreFiles) => string {
  let stores = 0;
  return (files) => {
    const folder = join(scratch, `${stores++}.zarr`);
    for (const [name, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      const isBytes = typeof content === "string" || content instanceof Uint8Array;
      writeFileSync(join(folder, name), isBytes ? content : JSON.stringify(content));
    }
    return folder;
  };
}

/** A group of Zarr 3 with attributes of OME. */
export function omeGroup(ome: object) {
  return { zarr_format: 3, node_type: "group", attributes: { ome } };
}

/** An array of Zarr 3, in chunks of two a side. */
export function zarr3Array(shape: readonly unknown[], more: object = {}) {
  return {
    zarr_format: 3,
    node_type: "array",
    shape,
    data_type: "uint8",
    chunk_grid: { name: "regular", configuration: { chunk_shape: shape.map(() => 2) } },
    chunk_key_encoding: { name: "default" },
    fill_value: 7,
    codecs: [{ name: "bytes" }],
    ...more,
  };
}

export function bytesOf(values: ArrayBufferView): Uint8Array {
  return new Uint8Array(values.buffer);
}

/** Axes of one letter each. */
export function axesOf(names: string) {
  return names.split("").map((name) => ({ name }));
}

export function scaledDataset(path: string, scale: readonly number[]) {
  return { path, coordinateTransformations: [{ type: "scale", scale }] };
}

/** The root of an image of one resolution, 0.5. */
export function imageRoot(more: object = {}) {
  const multiscale = { axes: axesOf("yx"), datasets: [scaledDataset("0", [1, 1])], ...more };
  return omeGroup({ version: "0.5", multiscales: [multiscale] });
}

/** What `.zarray` says of an array of 2 x 2 values in one chunk. */
export const PLAIN_ARRAY = {
  zarr_format: 2,
  shape: [2, 2],
  chunks: [2, 2],
  compressor: null,
  fill_value: null,
  order: "C",
  filters: null,
};

/** An image of 2 x 2 values in one chunk, 0.4. */
export function zarr2Files(
  dtype: string,
  more: object = {},
  values: ArrayBufferView = new Uint8Array(0),
): StoreFiles {
  return {
    ".zattrs": { multiscales: [{ version: "0.4", axes: axesOf("yx"), datasets: [{ path: "0" }] }] },
    "0/.zarray": { ...PLAIN_ARRAY, dtype, ...more },
    "0/0.0": bytesOf(values),
  };
}
