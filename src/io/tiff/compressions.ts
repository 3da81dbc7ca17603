/** Compressions that are not read, by TIFF's number, as tifffile calls them. */
const NAMES: Readonly<Record<number, string>> = {
  2: "CCITT RLE",
  3: "CCITT group 3",
  4: "CCITT group 4",
  6: "JPEG as before 1995",
  7: "JPEG",
  9: "JBIG",
  10: "JBIG",
  22610: "JPEG XR",
  32809: "ThunderScan",
  32909: "Pixar",
  33003: "JPEG 2000",
  33005: "JPEG 2000",
  34661: "JBIG",
  34676: "SGI LogLuv",
  34677: "SGI LogLuv",
  34712: "JPEG 2000",
  34887: "LERC",
  34892: "lossy JPEG of DNG",
  34925: "LZMA",
  34933: "PNG",
  34934: "JPEG XR",
  50000: "Zstandard",
  50001: "WebP",
  50002: "JPEG XL",
  50013: "PIXTIFF",
  52546: "JPEG XL",
  65000: "EER, electron events",
  65001: "EER, electron events",
  65002: "EER, electron events",
};

/** What geotiff says of a number that it does not know, and of WebP outside a browser: nothing that helps. */
const KNOWN_REASON = /^Unknown compression method|createImageBitmap|DataView|not supported\.$/;

const EER = [65000, 65001, 65002];

/** How messages call a compression that could not be read, with the reason that its decoder gave. */
export function compressionWords(compression: number, reason: string): string {
  const name = NAMES[compression];
  const words = name === undefined ? `number ${compression}` : `${name} (${compression})`;
  const bits = compression === 7 ? ", of 12 or more bits or damaged" : "";
  return KNOWN_REASON.test(reason) ? `${words}${bits}` : `${words}: ${reason}`;
}

/** What to do with a file of such a compression. */
export function otherCompression(compression: number): string {
  return EER.includes(compression)
    ? "Sum its events to frames first, as relion_convert_to_tiff does"
    : "Write it in another one, in Python with imagecodecs: tifffile.imwrite(NEW, tifffile.imread(OLD), compression='zlib')";
}
