import type { ImageSource, SourceRead } from "../source/source.ts";
import { flipRows } from "../tiff/rows.ts";
import type { ConvertFormat, ConvertOptions } from "./options.ts";

/** Whether one of two formats is MRC and the other a TIFF of any kind. */
export function isTiffBesideMrc(from: string, to: ConvertFormat): boolean {
  const isTiff = (format: string) => ["tiff", "ome-tiff", "imagej"].includes(format);
  return (from === "mrc" && isTiff(to)) || (isTiff(from) && to === "mrc");
}

/** Rows as `tiffRows` says, where that means something. */
export function withTiffRows(
  source: ImageSource,
  formats: { readonly from: string; readonly to: ConvertFormat },
  { tiffRows = "flip" }: Pick<ConvertOptions, "tiffRows">,
): ImageSource {
  return tiffRows === "flip" && isTiffBesideMrc(formats.from, formats.to) ? flipped(source) : source;
}

/** A source upside down, whose `close` closes the other. */
function flipped(source: ImageSource): ImageSource {
  const y = source.axes.findIndex(({ name }) => name === "y");
  const read = async (what: SourceRead = {}) => {
    const height = source.levels[what.level ?? 0]?.shape[y] ?? 0;
    const rows = what.region?.y;
    if (rows === undefined) return turned(await source.read(what), y);
    const [from, to] = typeof rows === "number" ? [rows, rows + 1] : rows;
    return turned(
      await source.read({ ...what, region: { ...what.region, y: [height - to, height - from] } }),
      y,
    );
  };
  const close = () => source.close();
  return { ...source, read, close, [Symbol.asyncDispose]: close };
}

function turned(block: Awaited<ReturnType<ImageSource["read"]>>, y: number) {
  const rowLength = block.shape.slice(y + 1).reduce((product, side) => product * side, 1);
  return { ...block, data: flipRows(block.data, rowLength, block.shape[y]) };
}
