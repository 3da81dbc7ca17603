import { TAG, type TiffDirectory } from "./directory.ts";

/** A scanner of slides that writes resolutions and pictures of the slide as pages one after another. */
export interface Slide {
  readonly program: "aperio" | "philips" | "ventana" | "perkinelmer";
  /** Side of a pixel of the full resolution in µm. */
  readonly pixelUm?: number;
  /** Of Philips, whose lower resolutions are filled up to whole tiles: how many pixels of the full one theirs stand for. */
  readonly factors?: readonly number[];
  /** What its pages cannot tell. */
  readonly warning?: string;
}

/** What a page of a slide is: one of the resolutions, or a picture, by its name. */
export type SlidePage = "level" | "thumbnail" | "label" | "macro" | "overview" | "probability" | "other";

/** What a page says of itself. */
export interface SlidePageFacts {
  readonly description: string;
  readonly isTiled: boolean;
  /** NewSubfileType. */
  readonly subfile: number;
  readonly isFirst: boolean;
}

const UM_PER_MM = 1000;

/**
 * Which scanner wrote a file, by its first page; undefined for files of others.
 *
 * Source: OpenSlide's descriptions of the formats (openslide.org/formats); tifffile.
 */
export async function readSlide(directory: TiffDirectory): Promise<Slide | undefined> {
  const description = await directory.text(TAG.description);
  if (description.startsWith("Aperio"))
    return { program: "aperio", ...pixelUm(/\|\s*MPP\s*=\s*([\d.]+)/.exec(description)?.[1]) };
  if (description.includes("<PerkinElmer-QPI-ImageDescription")) return { program: "perkinelmer" };
  if ((await directory.text(TAG.software)).startsWith("Philips")) return philips(description);
  const xmp = directory.has(TAG.xmp) ? await directory.text(TAG.xmp) : "";
  if (!/<iScan\b/.test(xmp) && !/^level=\d+ mag=/.test(description)) return undefined;
  return {
    program: "ventana",
    ...pixelUm(/\bScanRes\s*=\s*["']([\d.]+)["']/.exec(xmp)?.[1]),
    // where they overlap stands in another page's XMP
    warning: "tiles of this scanner overlap; they stand side by side here",
  };
}

/** What a page is, by what scanners write beside it. */
export function slidePage({ program }: Slide, page: SlidePageFacts): SlidePage {
  const { description, isTiled, subfile, isFirst } = page;
  switch (program) {
    case "aperio": {
      if (isFirst || (isTiled && subfile === 0)) return "level";
      const named = /[\r\n](label|macro)\b/i.exec(description)?.[1].toLowerCase();
      if (named === "label" || named === "macro") return named;
      return subfile === 9 ? "macro" : subfile === 1 ? "label" : "thumbnail";
    }
    case "philips":
      return /^label/i.test(description)
        ? "label"
        : /^macro/i.test(description)
          ? "macro"
          : isTiled
            ? "level"
            : "other";
    case "ventana":
      if (/^label/i.test(description)) return "label";
      if (/^probability/i.test(description)) return "probability";
      return /^thumbnail/i.test(description) ? "thumbnail" : /\blevel=/.test(description) ? "level" : "other";
    case "perkinelmer": {
      const type = /<ImageType>\s*(\w+)\s*<\/ImageType>/.exec(description)?.[1].toLowerCase();
      if (type === "thumbnail" || type === "overview" || type === "label") return type;
      return type === undefined || type.endsWith("resolution") ? "level" : "other";
    }
  }
}

/** Name and colour of the channel that a page of PerkinElmer is. */
export function slideChannel(description: string): { readonly name?: string; readonly color?: string } {
  const name = /<Name>\s*([^<]*?)\s*<\/Name>/.exec(description)?.[1];
  const rgb = /<Color>\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*<\/Color>/.exec(description)?.slice(1).map(Number);
  const color = rgb?.every((value) => value < 256)
    ? rgb.map((value) => value.toString(16).padStart(2, "0").toUpperCase()).join("")
    : undefined;
  return { ...(name && { name }), ...(color && { color }) };
}

/** DICOM_PIXEL_SPACING (mm) stands once a resolution, the full one first. */
function philips(description: string): Slide {
  const spacings = [...description.matchAll(/"DICOM_PIXEL_SPACING"[^>]*>\s*(?:&quot;|")?([\d.eE+-]+)/g)]
    .map(([, value]) => Number(value))
    .filter((value) => value > 0);
  const [full] = spacings;
  if (full === undefined) return { program: "philips" };
  const factors = spacings.slice(1).map((value) => Math.max(1, Math.round(value / full)));
  return { program: "philips", pixelUm: rounded(full * UM_PER_MM), factors };
}

function pixelUm(text: string | undefined): { pixelUm?: number } {
  const value = Number(text ?? 0);
  return Number.isFinite(value) && value > 0 ? { pixelUm: value } : {};
}

/** Decimals that the multiplication added go. */
function rounded(value: number): number {
  return Number(value.toPrecision(9));
}
