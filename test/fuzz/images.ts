// Images of many resolutions, damaged: OME-XML, directories of TIFF files, metadata of Zarr.

import { readFileSync } from "node:fs";
import type { Random } from "../../src/core/index.ts";
import type { JsonObject, JsonValue } from "../../src/io/dataset/dataset.ts";
import { type RandomAccessFile, shortRead } from "../../src/io/files.ts";
import { isJsonObject } from "../../src/io/ndtiff/json.ts";
import { createBlock, resolveRegion } from "../../src/io/source/region.ts";
import type { ImageSource } from "../../src/io/source/source.ts";
import { lowerPages } from "../../src/io/source/tiff/image.ts";
import { omePlate } from "../../src/io/source/tiff/ome.ts";
import { placeOmePlanes } from "../../src/io/source/tiff/omePlanes.ts";
import { tiffImages } from "../../src/io/source/tiff/open.ts";
import { parseZarrArray } from "../../src/io/source/zarr/arrayMetadata.ts";
import { zarrImageFacts } from "../../src/io/source/zarr/image.ts";
import { parseZarrImage } from "../../src/io/source/zarr/imageMetadata.ts";
import { parseOmeXml } from "../../src/io/tiff/ome/parse.ts";
import { readPlanes } from "../../src/io/tiff/planes.ts";
import { TiffReader } from "../../src/io/tiff/reader.ts";
import { type MadeTag, makeTiff, textTag } from "../support/tiff.ts";
import { fuzz } from "./run.ts";
import type { Target } from "./target.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const below = (end: number, random: Random) => Math.floor(random.uniform() * end);
const pick = <T>(from: readonly T[], random: Random): T => from[below(from.length, random)];

/** Of what a small file may cost beside its pixels: lists of pages, texts of messages. */
const FIXED = 2 ** 17;

// OME-XML

const PIXELS =
  '<Pixels ID="P" DimensionOrder="XYCZT" Type="uint16" SizeX="8" SizeY="6" SizeZ="2" SizeC="2" SizeT="3" PhysicalSizeX="0.1" TimeIncrement="2" TimeIncrementUnit="ms">';
const CHANNELS =
  '<Channel ID="C" Name="DAPI &amp; co" SamplesPerPixel="1" Color="-16776961"/><Channel Name="µ" EmissionWavelength="5"/>';
const DATA = [
  '<TiffData IFD="0" PlaneCount="12"/>',
  '<TiffData FirstT="1" FirstZ="1" FirstC="0" IFD="3" NumPlanes="2"><UUID FileName="b.ome.tif">urn:uuid:1</UUID></TiffData><TiffData/>',
];
const PLANES = '<Plane TheZ="0" TheT="0" TheC="0" PositionX="3.5" PositionXUnit="mm" DeltaT="1"/>';
const WELLS =
  '<Plate Rows="8" Columns="12" RowNamingConvention="letter"><Well Row="1" Column="2"><WellSample ID="W" Index="0"><ImageRef ID="I0"/></WellSample></Well><PlateAcquisition><WellSampleRef ID="W"/></PlateAcquisition></Plate>';
const IMAGE = (data: string) => `<Image ID="I0" Name="a">${PIXELS}${data}</Pixels></Image>`;
const XML = [
  IMAGE(`${CHANNELS}${DATA[0]}`),
  IMAGE(`${DATA[1]}${PLANES}`),
  `${WELLS}<Image ID="I0"><StageLabel Name="s" X="1"/>${PIXELS}</Pixels></Image>`,
].map((inside) => `<OME UUID="urn:uuid:2">${inside}</OME>`);

const ATTRIBUTES = [
  ...[
    "0",
    "-1",
    "1",
    "3",
    "1.5",
    "1e9",
    "65536",
    "4294967296",
    "9007199254740991",
    "9007199254740993",
    "1e308",
  ],
  ...[
    "NaN",
    "Infinity",
    "",
    " ",
    "XYZTC",
    "XYZZZ",
    "TZCXY",
    "letter",
    "uint8",
    "&#0;",
    "&lt;",
    "<",
    "..\\..\\x",
    "km",
  ],
];
const NODES = [
  "<TiffData/>",
  "<Image>",
  "</Image>",
  "<!--",
  "]]>",
  "<![CDATA[x",
  "<a>".repeat(300),
  "<Plate/>",
  "&x;",
];

/** The value of an attribute becomes another; an element is lost, comes twice, or is torn. */
function changeXml(bytes: Uint8Array, random: Random): Uint8Array {
  const text = decode(bytes);
  const isValue = random.uniform() < 0.8;
  const [open, close] = isValue ? ['="', '"'] : ["<", ">"];
  const from = text.indexOf(open, below(text.length, random));
  const to = text.indexOf(close, from + open.length) + 1;
  if (from < 0 || to <= 0) return bytes;
  const old = text.slice(from, to);
  const value = isValue
    ? `="${pick(ATTRIBUTES, random)}"`
    : pick(["", old + old, pick(NODES, random)], random);
  return encode(text.slice(0, from) + value + text.slice(to));
}

async function readOme(bytes: Uint8Array): Promise<number> {
  const model = parseOmeXml(decode(bytes), "a.ome.tif");
  const names = model.images.map(({ id }) => id);
  omePlate(model, names);
  for (const image of model.images)
    await placeOmePlanes(image, {
      name: "a.ome.tif",
      model,
      pages: 12,
      samples: 1,
      isOwn: (fileName) => fileName === "a.ome.tif",
      pagesOf: async (fileName) => (fileName === "b.ome.tif" ? 4 : undefined),
    });
  return bytes.length;
}

// Directories of TIFF files

const side = (width: number, height: number): MadeTag[] => [
  [256, 3, [width]],
  [257, 3, [height]],
  [258, 3, [8]],
  [259, 3, [1]],
  [262, 3, [1]],
  [277, 3, [1]],
];
const page = (extra: readonly MadeTag[] = []) => ({
  pixels: new Uint8Array(12),
  tags: (at: number): MadeTag[] => [...side(4, 3), [273, 4, [at]], [278, 3, [3]], [279, 4, [12]], ...extra],
});
const tiles = {
  pixels: new Uint8Array(4 * 256),
  tags: (at: number): MadeTag[] => [
    ...side(20, 18),
    [322, 3, [16]],
    [323, 3, [16]],
    [324, 4, [0, 256, 512, 768].map((place) => at + place)],
    [325, 4, [256, 256, 256, 256]],
  ],
};
const reduced = {
  ...page([[254, 4, [1]]]),
  tags: (at: number): MadeTag[] => [
    ...side(2, 2),
    [254, 4, [1]],
    [273, 4, [at]],
    [278, 3, [2]],
    [279, 4, [4]],
  ],
};
const IMAGEJ =
  "ImageJ=1.53\nimages=4\nchannels=2\nslices=2\nhyperstack=true\nunit=um\nspacing=2\nmin=0\nmax=9\n";
const TIFFS = [
  makeTiff([
    page([textTag(270, XML[0].replace('SizeX="8" SizeY="6"', 'SizeX="4" SizeY="3"'))]),
    page(),
    page(),
  ]),
  makeTiff([page([textTag(270, IMAGEJ)]), page(), page(), page()]),
  // one page that stands for four, whose pixels follow its own
  makeTiff([{ ...page([textTag(270, IMAGEJ)]), pixels: new Uint8Array(48) }]),
  makeTiff([
    tiles,
    reduced,
    page([
      [330, 4, [8, 8]],
      [282, 5, [1, 2]],
    ]),
  ]),
];

const COUNTS = [0, 1, 2, 3, 7, 255, 4096, 65535, 2 ** 20, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const NEW_TAGS = [
  254, 256, 257, 258, 259, 270, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 330, 338, 339, 33629, 50838,
  50839,
];

/** A field of an entry of the first directories becomes another. */
function changeEntry(bytes: Uint8Array, random: Random): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = bytes.length >= 8 ? view.getUint32(4, true) : 0;
  for (let page = below(3, random); page >= 0; page--) {
    if (at === 0 || at + 2 > bytes.length) return bytes;
    const entries = view.getUint16(at, true);
    const end = at + 2 + entries * 12;
    if (end + 4 > bytes.length || entries === 0) return bytes;
    if (page > 0) {
      at = view.getUint32(end, true);
      continue;
    }
    const place = at + 2 + 12 * below(entries, random);
    const kind = below(8, random);
    if (kind === 0) view.setUint16(place, pick(NEW_TAGS, random), true);
    else if (kind === 1) view.setUint16(place + 2, below(19, random), true);
    else if (kind < 4) view.setUint32(place + 4, pick(COUNTS, random), true);
    else if (kind < 7)
      view.setUint32(place + 8, pick([...COUNTS, below(bytes.length, random)], random), true);
    else view.setUint32(end, pick([at, 8, below(bytes.length, random)], random), true);
  }
  return bytes;
}

function memoryFile(bytes: Uint8Array): RandomAccessFile {
  return {
    name: "a.tif",
    size: bytes.length,
    async read(offset, length, into = new Uint8Array(length)) {
      const found = bytes.length - offset;
      if (found < length) throw shortRead("a.tif", offset, { wanted: length, found });
      into.set(bytes.subarray(offset, offset + length));
      return into;
    },
    close: async () => {},
  };
}

/** What the pages are, and how the chunks of the first ones lie: nothing of the pixels. */
async function readDirectories(bytes: Uint8Array): Promise<number> {
  const reader = await TiffReader.of(memoryFile(bytes));
  const [first] = reader.chain;
  const descriptions = await (await reader.directory(first)).descriptions();
  const { planes } = await readPlanes(reader);
  const lower = await lowerPages(reader, first);
  for (const entry of [first, ...lower.slice(0, 2)]) await reader.layout(entry);
  return planes.length + descriptions.length;
}

/** A corner of the first images, of the first of their planes, at every level. */
async function readCorners(bytes: Uint8Array): Promise<number> {
  await using images = await tiffImages(await TiffReader.of(memoryFile(bytes)), undefined);
  let read = 0;
  for (const name of images.images.slice(0, 2)) {
    await using image = await images.open(name);
    for (const level of image.levels.keys())
      read += (await image.read({ level, region: corner(image, level) })).data.byteLength;
  }
  return read;
}

/** At most three values along each axis. */
function corner({ axes, levels }: Pick<ImageSource, "axes" | "levels">, level: number) {
  const { shape } = levels[level];
  return Object.fromEntries(axes.map(({ name }, i) => [name, [0, Math.min(shape[i], 3)]] as const));
}

// Metadata of Zarr

const zarrGolden = (path: string): JsonObject =>
  JSON.parse(readFileSync(`test/golden/cases/zarr/${path}`, "utf8"));
const plain = zarrGolden("unit_null.zarr/0/zarr.json");
const sharded: JsonObject = {
  ...plain,
  dimension_names: ["t", "c", "z", "y", "x"],
  codecs: [
    {
      name: "sharding_indexed",
      configuration: {
        chunk_shape: [1, 1, 1, 4, 4],
        codecs: ["bytes", { name: "gzip", configuration: { level: 1 } }],
        index_codecs: ["bytes", "crc32c"],
        index_location: "start",
      },
    },
  ],
};
const attributes = zarrGolden("float16.v2.zarr/.zattrs");
const omero = { channels: [{ label: "a", color: "00FF00", window: { start: 0, end: 1, min: 0, max: 9 } }] };
const ARRAYS = [plain, sharded, zarrGolden("float16.v2.zarr/0/.zarray")];
const GROUPS = [
  { ...attributes, omero },
  { ...attributes, "image-label": {} },
];

const VALUES: readonly JsonValue[] = [
  ...[
    null,
    true,
    "",
    "x",
    "y",
    "NaN",
    "0x7fc00000",
    "<f2",
    "|b1",
    "sharding_indexed",
    "scale",
    "../..",
    "\0",
  ],
  ...[0, -1, 1, 0.5, 3, 65536, 2 ** 31, 2 ** 53 - 1, 2 ** 53, 1e308, [], [[]], {}, [1, 2], ["y", "x"]],
  ...[{ name: "bytes" }, [2 ** 53, 1, 1, 1, 1], [1, 1, 1, 2 ** 26, 2 ** 26]],
];

/** The same value with one place of it changed, left out, doubled or moved. */
function changed(value: JsonValue, random: Random): JsonValue {
  const isLeaf = typeof value !== "object" || value === null;
  if (isLeaf || random.uniform() < 0.1) return pick(VALUES, random);
  const chance = random.uniform();
  if (isJsonObject(value)) {
    const key = pick(Object.keys(value), random) ?? "x";
    const { [key]: old = null, ...others } = value;
    if (chance < 0.1) return others;
    return chance < 0.15 ? { ...value, [`${key}x`]: old } : { ...value, [key]: changed(old, random) };
  }
  if (!Array.isArray(value)) return value;
  const i = below(value.length, random);
  if (value.length === 0 || chance < 0.1) return [...value, pick(VALUES, random)];
  if (chance < 0.2) return [...value.slice(0, i), ...value.slice(i + 1)];
  if (chance < 0.3) return [...value, value[i]];
  return [...value.slice(0, i), changed(value[i], random), ...value.slice(i + 1)];
}

function changeJson(bytes: Uint8Array, random: Random): Uint8Array {
  const document = parsed(bytes);
  return document === undefined ? bytes : encode(JSON.stringify(changed(document, random)));
}

const nodeOf = (document: JsonObject) =>
  ({ zarrFormat: document.zarr_format === 2 ? 2 : 3, document }) as const;

/** An array, or a group that names its levels. */
function readNode(bytes: Uint8Array): number {
  const document = objectOf(parsed(bytes));
  if (document.zarr_format === undefined) return parseZarrImage(document, "a").levels.length;
  return parseZarrArray(nodeOf(document), "a").shape.length;
}

/** What a store of these metadata is, and memory for a corner of it: nothing of its chunks. */
function readStore(bytes: Uint8Array): number {
  const { array, lower, group } = objectOf(parsed(bytes));
  const metadata = parseZarrImage(objectOf(group), "a");
  const arrays = metadata.levels.map((_, level) =>
    parseZarrArray(nodeOf(objectOf(level === 0 ? array : lower)), "a"),
  );
  const facts = zarrImageFacts("a", { attributes: objectOf(group), metadata, arrays });
  return createBlock(facts, resolveRegion(facts, { region: corner(facts, 0) })).data.byteLength;
}

function parsed(bytes: Uint8Array): JsonValue | undefined {
  try {
    return JSON.parse(decode(bytes));
  } catch {
    return undefined;
  }
}

function objectOf(value: JsonValue | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

const jsonOf = (document: JsonObject) => encode(JSON.stringify(document));
const many = (change: NonNullable<Target["changes"]>[number]) => Array<typeof change>(14).fill(change);

await fuzz({
  omeXml: {
    cases: 100_000,
    seeds: XML.map(encode),
    changes: many(changeXml),
    most: () => FIXED,
    parse: readOme,
  },
  tiffDirectories: {
    cases: 100_000,
    seeds: TIFFS,
    changes: many(changeEntry),
    most: () => FIXED,
    parse: readDirectories,
  },
  tiffImages: {
    cases: 4_000,
    seeds: TIFFS,
    changes: many(changeEntry),
    // deflate and LZW unfold a strip, of which a corner is asked for
    most: (bytes) => 4096 * bytes + FIXED,
    parse: readCorners,
  },
  zarrNodes: {
    cases: 100_000,
    seeds: ARRAYS.concat(GROUPS).map(jsonOf),
    changes: many(changeJson),
    most: () => FIXED,
    parse: readNode,
  },
  zarrStores: {
    cases: 4_000,
    seeds: ARRAYS.map((array) => jsonOf({ array, lower: array, group: GROUPS[0] })),
    changes: many(changeJson),
    most: () => FIXED,
    parse: readStore,
  },
});
