import { gzipSync } from "fflate";
import Blosc from "numcodecs/blosc";
import Zstd from "numcodecs/zstd";
import type { JsonObject } from "../../dataset/dataset.ts";
import type { MultiscaleCompression, MultiscaleVersion } from "./plan.ts";

const GZIP = { level: 1 } as const;
const ZSTD = { level: 1 } as const;
const BLOSC = { cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 } as const;
/** The library shuffles bytes in groups of four, whatever the values are. */
const BLOSC_TYPE_BYTES = 4;

/** The stored bytes of a chunk. */
export async function packChunk(bytes: Uint8Array, compression: MultiscaleCompression): Promise<Uint8Array> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes, { ...GZIP, mtime: 0 });
    case "zstd":
      return Zstd.fromConfig({ id: "zstd", ...ZSTD }).encode(bytes);
    case "blosc":
      return Blosc.fromConfig({ id: "blosc", ...BLOSC }).encode(bytes);
  }
}

/** What an array's metadata say of it: the compressor of Zarr 2, the codec of Zarr 3; none for plain bytes. */
export function compressorMetadata(
  compression: MultiscaleCompression,
  version: MultiscaleVersion,
): JsonObject | undefined {
  const [name, settings] = SETTINGS[compression][version];
  if (name === "none") return undefined;
  return version === "0.4" ? { id: name, ...settings } : { name, configuration: settings };
}

type Settings = readonly [name: string, settings: JsonObject];
const BOTH = (name: string, settings: JsonObject) =>
  ({ "0.4": [name, settings], "0.5": [name, settings] }) as const;

const SETTINGS: Readonly<Record<MultiscaleCompression, Readonly<Record<MultiscaleVersion, Settings>>>> = {
  none: BOTH("none", {}),
  gzip: BOTH("gzip", GZIP),
  zstd: { "0.4": ["zstd", ZSTD], "0.5": ["zstd", { ...ZSTD, checksum: false }] },
  blosc: {
    "0.4": ["blosc", BLOSC],
    "0.5": ["blosc", { ...BLOSC, shuffle: "shuffle", typesize: BLOSC_TYPE_BYTES }],
  },
};
