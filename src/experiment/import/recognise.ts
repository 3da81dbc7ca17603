import { withPathwayNotes } from "./bdPathway.ts";
import { readCellVoyager } from "./cellVoyager.ts";
import { readContainers } from "./containers.ts";
import { baseOf, type Found, folderOf, type ImageFolder } from "./found.ts";
import { readImageXpress } from "./imageXpress.ts";
import { readInCell } from "./inCell.ts";
import { readMicroManager } from "./microManager.ts";
import { byTemplates, type NameOptions } from "./names.ts";
import { readPhenix } from "./phenix.ts";
import type { ReadTeller } from "./teller.ts";
import { readVisiView } from "./visiView.ts";

const XDCE = /\.xdce$/i;
const STORE_END = /\.(xdce|(ome\.)?(zarr|tiff?))$/i;

/** Files of metadata, with who reads them; of two kinds in one folder the first in this list is read, of one kind all. */
const TELLERS: readonly (readonly [name: RegExp, read: ReadTeller])[] = [
  [/^Index\.idx\.xml$/i, readPhenix],
  [/^Index\.ref\.xml$/i, readPhenix],
  [/^Index\.xml$/i, readPhenix],
  [/^MeasurementData\.mlf$/i, readCellVoyager],
  [XDCE, readInCell],
  [/\.htd$/i, readImageXpress],
  [/^metadata\.txt$/i, readMicroManager],
  [/\.nd$/i, readVisiView],
];

const MM_STACK = /MMStack[^/]*\.ome\.tiff?$/i;
const OME_TIFF = /\.ome\.(tiff?|tf[28]|btf)$/i;

/**
 * What a folder is from: metadata of microscopes tell of the folders that they are in; the files of which none tells are known by their
 * names, folder by folder.
 *
 * @throws {VitrineError} format: metadata that cannot be read; missing: numbered wells, and no format
 */
export async function recognise(folder: ImageFolder, options: NameOptions): Promise<readonly Found[]> {
  const founds: Found[] = [];
  for (const [path, read] of tellersOf(folder)) {
    const found = await read({ path, folder, options });
    if (found !== undefined) founds.push(found);
  }
  const told = founds.flatMap(({ tellers = [] }) => tellers.map(folderOf));
  // what metadata leave out is not guessed from names
  const others = folder.files.filter((path) => !told.some((of) => of === "" || path.startsWith(`${of}/`)));
  const stacks = others.filter((path) => MM_STACK.test(path));
  const byName = byTemplates(
    others.filter((path) => !MM_STACK.test(path)),
    options,
  );
  const named = await Promise.all(byName.map((found) => withPathwayNotes(found, folder)));
  const known = new Set(named.flatMap(({ images }) => images.map(({ path }) => path)));
  const rest = others.filter((path) => OME_TIFF.test(path) && !known.has(path) && !MM_STACK.test(path));
  const stores = await readContainers(folder, [...stacks, ...rest], options);
  return platesApart([...founds, ...named, ...stores]);
}

function tellersOf({ files }: ImageFolder): [string, ReadTeller][] {
  const kinds = new Map<string, ReadTeller>();
  return TELLERS.flatMap(([name, read]) =>
    files
      .filter((path) => name.test(baseOf(path)) && (kinds.get(folderOf(path)) ?? read) === read)
      .map((path): [string, ReadTeller] => {
        kinds.set(folderOf(path), read);
        return [path, read];
      }),
  ).filter(([path, read], i, all) => read !== readPhenix || isFirstOf(all, i, path));
}

/** `Index.idx.xml`, `Index.ref.xml` and `Index.xml` tell the same. */
function isFirstOf(all: readonly (readonly [string, ReadTeller])[], i: number, path: string): boolean {
  return all.findIndex(([other, read]) => read === readPhenix && folderOf(other) === folderOf(path)) === i;
}

/**
 * InCell's files name the type of the plate, and copies of a store keep its name: where several tell of plates of one name, each file's name
 * is its plate's.
 */
function platesApart(founds: readonly Found[]): Found[] {
  const owner = ({ images, tellers = [] }: Found) =>
    tellers.find((path) => XDCE.test(path)) ?? (images[0]?.image === undefined ? undefined : images[0].path);
  const owned = founds.filter((found) => found.plates !== undefined && owner(found));
  const names = owned.map(({ images: [first] }) => first?.plate);
  return founds.map((found) => {
    const [plate] = found.images.map((image) => image.plate);
    const own = baseOf(owner(found) ?? "").replace(STORE_END, "");
    if (!owned.includes(found) || own === "" || names.indexOf(plate) === names.lastIndexOf(plate))
      return found;
    const { [plate]: size } = found.plates ?? {};
    return {
      ...found,
      images: found.images.map((image) => ({ ...image, plate: own })),
      ...(size !== undefined && { plates: { [own]: size } }),
    };
  });
}
