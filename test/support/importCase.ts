/** Folders as microscopes write them, with tiny images, and what a plan of their import says in short. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { planImport } from "../../src/experiment/index.ts";
import { makeFolder, writeTiff } from "../../src/io/index.ts";

/** Where the folders of a test file lie; it removes them. */
export const scratch = mkdtempSync(join(tmpdir(), "vitrine-microscopes-"));

/** A tiny image. */
export const PAGE = { data: new Uint16Array(6), width: 3, height: 2, channels: 1 };
let made = 0;

/** A folder with a tiny image (3 x 2 pixels) a name, and texts. */
export async function folderOf(
  names: readonly string[],
  texts: Readonly<Record<string, string | Uint8Array>> = {},
) {
  const folder = join(scratch, `plate${made++}`);
  for (const name of [...names, ...Object.keys(texts)]) await makeFolder(dirname(join(folder, name)));
  for (const name of names) await writeTiff(join(folder, name), { pages: [PAGE] });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text);
  return folder;
}

/** What a plan says in short. */
export async function planOf(folder: string, options: Parameters<typeof planImport>[1] = {}) {
  const plan = await planImport(folder, options);
  const { plates, channels, sites, images } = plan.content;
  return {
    ...plan,
    plates: plates.map(({ name, nRows, nColumns, wells = [] }) => [
      name,
      nRows,
      nColumns,
      ...wells.map((of) => of.name),
    ]),
    channels: channels.map(
      ({ name, bitDepth, pixelMask }) =>
        `${name} ${bitDepth}${pixelMask === undefined ? "" : `, mask ${pixelMask}`}`,
    ),
    sites: sites.map(({ well, siteIndex, positionPx, grid }) => [
      well,
      siteIndex,
      positionPx ?? grid ?? null,
    ]),
    images: images.map(
      ({ well, siteIndex, channel, tpoint, zplane }) => `${well} ${siteIndex} ${channel} ${tpoint} ${zplane}`,
    ),
  };
}
