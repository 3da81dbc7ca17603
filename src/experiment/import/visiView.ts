/** VisiView and MetaMorph: a file .nd that names stage positions and waves; images by their names. Source: TissueMAPS' visiview. */
import { join } from "node:path";
import { parseWellName, readText, type WellPlace } from "../../io/index.ts";
import { baseOf, type Found, type FoundImage, folderOf } from "./found.ts";
import { countOf, firstOf, type KeyedLines, parseKeyedLines } from "./keyedLines.ts";
import { imagesByTemplate } from "./names.ts";
import type { Teller } from "./teller.ts";

/** Stages, waves and times count from 1; `Stage2` may say `row:B,column:3,site:1`. Positions, if any, are in the files. */
export async function readVisiView(teller: Teller): Promise<Found | undefined> {
  const { folder, path, options } = teller;
  const lines = parseKeyedLines(await readText(join(folder.path, path)));
  const start = path.replace(/\.nd$/i, "");
  const files = folder.files.filter((file) => folderOf(file) === folderOf(path) && file.startsWith(start));
  const named = imagesByTemplate(files, "VisiView or MetaMorph", options);
  if (named.length === 0) return undefined;
  const images = named.map((image) => ({ ...withStage(image, lines), plate: baseOf(start) }));
  return {
    microscope: `VisiView or MetaMorph (${path})`,
    images,
    tellers: [path],
    planned: { timePoints: countOf(lines, "NTimePoints") ?? 1 },
  };
}

function withStage(image: FoundImage, lines: KeyedLines): FoundImage {
  const stage = firstOf(lines, `Stage${image.site}`);
  const [, row, column, site] = /row:([A-Z]{1,2}),\s*column:(\d+),\s*site:(\d+)/i.exec(stage ?? "") ?? [];
  const wave = /_w(\d+)/.exec(baseOf(image.path))?.[1];
  const channel = firstOf(lines, `WaveName${wave ?? 1}`) ?? image.channel;
  const place: { well: WellPlace; site: number } | undefined =
    row === undefined || Number(column) < 1
      ? undefined
      : { well: parseWellName(`${row}${column}`), site: Number(site) };
  return { ...image, ...place, ...(channel !== undefined && { channel }) };
}
