import type { JsonObject } from "../../dataset/dataset.ts";
import { isJsonObject } from "../../ndtiff/json.ts";
import {
  type KnownNodes,
  nodeOfZarr2,
  nodeOfZarr3,
  objectOr,
  readJson,
  readNode,
  type ZarrNode,
} from "./node.ts";

/** The root of a store. */
export interface ZarrRoot {
  readonly node: ZarrNode | undefined;
  /** What it has of the metadata of all others. */
  readonly known: KnownNodes;
}

/**
 * Reads the root of a store, with the metadata of all its groups and arrays where it has them (`.zmetadata` of Zarr 2,
 * `consolidated_metadata` of Zarr 3): some stores have no others. `.zmetadata` is looked at where the root has no metadata of its own.
 *
 * @throws {VitrineError} as `readNode`
 */
export async function readRoot(folder: string): Promise<ZarrRoot> {
  const node = await readNode(folder);
  if (node !== undefined) return { node, known: inlineNodes(node.document, folder) };
  const found = await readJson(`${folder}/.zmetadata`);
  const known = zarr2Nodes(objectOr(found?.metadata), folder);
  return { node: known.get(folder), known };
}

/** Source: zarr-python 3, `consolidated_metadata` of a group's `zarr.json`. */
function inlineNodes({ consolidated_metadata: value }: JsonObject, folder: string): KnownNodes {
  const nodes = new Map<string, ZarrNode>();
  for (const [path, document] of Object.entries(objectOr(objectOr(value).metadata)))
    if (isJsonObject(document))
      nodes.set(`${folder}/${path}`, nodeOfZarr3(document, `${folder}/zarr.json ${path}`));
  return nodes;
}

/** Source: zarr-python 2, `.zmetadata`, whose keys are the paths of the files that it stands for. */
function zarr2Nodes(documents: JsonObject, folder: string): KnownNodes {
  const nodes = new Map<string, ZarrNode>();
  const objectAt = (path: string) => {
    const document = documents[path];
    return isJsonObject(document) ? document : undefined;
  };
  for (const key of Object.keys(documents)) {
    const path = key.replace(/\/?[^/]*$/, "");
    const below = path === "" ? "" : `${path}/`;
    const node = nodeOfZarr2({
      array: objectAt(`${below}.zarray`),
      attributes: objectAt(`${below}.zattrs`),
      group: objectAt(`${below}.zgroup`),
    });
    if (node !== undefined) nodes.set(path === "" ? folder : `${folder}/${path}`, node);
  }
  return nodes;
}
