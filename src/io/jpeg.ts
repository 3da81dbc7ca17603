import { VitrineError } from "../core/index.ts";

/** A decoded picture of one component. */
export interface GreyPicture {
  readonly width: number;
  readonly height: number;
  /** (height, width) */
  readonly data: Uint8Array;
}

/** What TIFF calls JPEG, by which geotiff finds its decoder. */
const JPEG_IN_TIFF = 7;
const START_OF_IMAGE = 0xffd8;

/**
 * Decodes a grey JPEG file, baseline or progressive, by geotiff's decoder, which is loaded when it is first needed.
 *
 * @throws {VitrineError} format: no JPEG file, or a damaged one; unsupported: colours
 */
export async function decodeGreyJpeg(bytes: Uint8Array, at: string): Promise<GreyPicture> {
  const { width, height, components } = frameOf(bytes, at);
  if (components !== 1)
    throw new VitrineError({
      code: "unsupported",
      at,
      expected: "a grey JPEG",
      found: `${components} components`,
    });
  const data = await decoded(bytes, { width, height, at });
  if (data.length === width * height) return { width, height, data };
  throw new VitrineError({
    code: "format",
    at,
    expected: `${width * height} pixels`,
    found: `${data.length}`,
  });
}

async function decoded(
  bytes: Uint8Array,
  { width, height, at }: { readonly width: number; readonly height: number; readonly at: string },
): Promise<Uint8Array> {
  const { getDecoder } = await import("geotiff");
  const sizes = { tileWidth: width, tileHeight: height, bitsPerSample: [8] };
  try {
    const decoder = await getDecoder(JPEG_IN_TIFF, { ...sizes, planarConfiguration: 1, predictor: 1 });
    return new Uint8Array(await decoder.decodeBlock(new Uint8Array(bytes).buffer));
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new VitrineError({ code: "format", at, expected: "a whole JPEG file", found }, { cause });
  }
}

/** What the header of the frame says: segments follow one another, each with its length, until one begins with SOF (T.81, B.2.2). */
function frameOf(bytes: Uint8Array, at: string) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const isJpeg = bytes.length > 4 && view.getUint16(0) === START_OF_IMAGE;
  for (let place = 2; isJpeg && place + 10 <= bytes.length; place += 2 + view.getUint16(place + 2)) {
    const marker = view.getUint16(place);
    const isFrame = marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
    if (isFrame)
      return {
        height: view.getUint16(place + 5),
        width: view.getUint16(place + 7),
        components: bytes[place + 9],
      };
  }
  throw new VitrineError({ code: "format", at, expected: "a JPEG file", found: "other bytes" });
}
