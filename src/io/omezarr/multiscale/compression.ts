import { gzipSync } from "fflate";
import type { JsonObject } from "../../dataset/dataset.ts";
import { packBloscChunk } from "./kernels.ts";
import type { MultiscaleCompression, MultiscaleVersion } from "./plan.ts";

const GZIP = { level: 1 } as const;
const ZSTD = { level: 1 } as const;
const BLOSC = { cname: "lz4", clevel: 5, shuffle: 1, blocksize: 0 } as const;

/** How a chunk is packed, and how many bytes a value of it has. */
export interface PackedAs {
  readonly compression: MultiscaleCompression;
  readonly valueBytes: number;
}

/** The stored bytes of a chunk that lies in `chunkMemory`; it is read before this returns. What comes at once is good until the next chunk. */
export function packChunk(
  bytes: Uint8Array,
  { compression, valueBytes }: PackedAs,
): Uint8Array | Promise<Uint8Array> {
  switch (compression) {
    case "none":
      return bytes;
    case "gzip":
      return gzipSync(bytes.slice(), { ...GZIP, mtime: 0 });
    case "zstd":
      return zstd(bytes.slice());
    case "blosc":
      return packBloscChunk(bytes, valueBytes);
  }
}

async function zstd(bytes: Uint8Array): Promise<Uint8Array> {
  const { default: Zstd } = await import("numcodecs/zstd");
  return Zstd.fromConfig({ id: "zstd", ...ZSTD }).encode(bytes);
}

/** What an array's metadata say of it: the compressor of Zarr 2, the codec of Zarr 3; none for plain bytes. */
export function compressorMetadata(
  { compression, valueBytes }: PackedAs,
  version: MultiscaleVersion,
): JsonObject | undefined {
  const [name, settings] = SETTINGS[compression](valueBytes)[version];
  if (name === "none") return undefined;
  return version === "0.4" ? { id: name, ...settings } : { name, configuration: settings };
}

type Settings = readonly [name: string, settings: JsonObject];
type VersionSettings = Readonly<Record<MultiscaleVersion, Settings>>;
const both = (name: string, settings: JsonObject) => (): VersionSettings => ({
  "0.4": [name, settings],
  "0.5": [name, settings],
});

const SETTINGS: Readonly<Record<MultiscaleCompression, (valueBytes: number) => VersionSettings>> = {
  none: both("none", {}),
  gzip: both("gzip", GZIP),
  zstd: () => ({ "0.4": ["zstd", ZSTD], "0.5": ["zstd", { ...ZSTD, checksum: false }] }),
  blosc: (typesize) => ({
    "0.4": ["blosc", BLOSC],
    "0.5": ["blosc", { ...BLOSC, shuffle: "shuffle", typesize }],
  }),
};
