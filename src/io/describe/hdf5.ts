import { type Hdf5Attributes, type Hdf5Node, readHdf5 } from "../hdf5/read.ts";
import type { ArrayDescription } from "./arrays.ts";

/** What an HDF5 file holds, where it is one of Leopard-EM's. */
export type Hdf5Kind = "match results" | "correlation table" | "particle stack" | "other";

/** What is known of an HDF5 file. */
export interface Hdf5Description {
  readonly kind: "hdf5";
  readonly content: Hdf5Kind;
  readonly attributes: Hdf5Attributes;
  /** By path. */
  readonly datasets: Readonly<Record<string, ArrayDescription & { readonly filters: readonly string[] }>>;
  /** Attributes of groups and datasets that have any, by path. */
  readonly attributesOf: Readonly<Record<string, Hdf5Attributes>>;
}

/** Groups that tell what a file is. */
const CONTENTS: readonly (readonly [path: string, content: Hdf5Kind])[] = [
  ["/tensors", "match results"],
  ["/detections", "correlation table"],
  ["/particles", "particle stack"],
];

/** An HDF5 file by its groups and datasets. */
export async function describeHdf5(path: string): Promise<Hdf5Description> {
  const nodes = await readHdf5(path, (file) => file.nodes());
  return {
    kind: "hdf5",
    content: CONTENTS.find(([group]) => nodes.some((node) => node.path === group))?.[1] ?? "other",
    attributes: nodes.flatMap((node) => (node.path === "/" ? [attributesIn(node)] : []))[0] ?? {},
    datasets: Object.fromEntries(
      nodes.flatMap((node) =>
        node.kind === "dataset"
          ? [[node.path, { dtype: node.dtype, shape: node.shape, filters: node.filters }]]
          : [],
      ),
    ),
    attributesOf: Object.fromEntries(
      nodes
        .filter((node) => node.path !== "/" && Object.keys(attributesIn(node)).length > 0)
        .map((node) => [node.path, attributesIn(node)]),
    ),
  };
}

function attributesIn(node: Hdf5Node): Hdf5Attributes {
  return node.kind === "link" ? {} : node.attributes;
}
