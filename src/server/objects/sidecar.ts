/** Files beside an image that keep what a person does to it: annotations as GeoJSON, classes of labels as CSV. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { withOpenPaths } from "../../core/index.node.ts";
import { VitrineError } from "../../core/index.ts";
import { isWebAddress, writeFileAtomic } from "../../io/index.ts";

/** Endings of the files. */
const ENDINGS = { annotations: "annotations.geojson", labels: "classes.csv" } as const;

/** A file beside an image, and how it is opened: it may lie beside a file or store that is served alone, and is itself no link. */
export interface Sidecar {
  readonly path: string;
  /** How messages call it. */
  readonly name: string;
  /** Reads within what is served, and this file. @throws whatever the task throws */
  within<T>(task: () => Promise<T>): Promise<T>;
  /** Another text once somebody wrote it anew; undefined: it is not there. */
  version(): Promise<string | undefined>;
  /** Why it cannot be written; undefined: it can. */
  refusal(): Promise<string | undefined>;
  /** @throws {VitrineError} busy: it is no longer the version that the caller knows; storage: the system refused */
  write(
    bytes: AsyncIterable<Uint8Array> | Uint8Array,
    known: string | undefined,
  ): Promise<string | undefined>;
}

/**
 * The file of an image: `cells.mrc.annotations.geojson`; of one among several `plate.zarr.A%2F1%2F0.annotations.geojson`.
 *
 * @param path  of the image's file, links followed
 * @param image  its name among several
 */
export function sidecarOf(
  path: string,
  { of, image }: { readonly of: keyof typeof ENDINGS; readonly image?: string | undefined },
  has: (real: string) => boolean,
): Sidecar {
  if (isWebAddress(path)) return sidecarOfAddress(path, ENDINGS[of]);
  const part = image === undefined ? "" : `${encodeURIComponent(image)}.`;
  const file = join(dirname(resolve(path)), `${basename(path)}.${part}${ENDINGS[of]}`);
  const name = basename(file);
  const version = async () => {
    const found = await stat(file, { bigint: true }).catch(() => undefined);
    return found && `${found.mtimeNs} ${found.size} ${found.ino}`;
  };
  return {
    path: file,
    name,
    version,
    within: (task) => withOpenPaths((real) => real === file || has(real), task),
    async refusal() {
      const isWritable = await access(dirname(file), constants.W_OK).then(
        () => true,
        () => false,
      );
      return isWritable ? undefined : "its folder cannot be written";
    },
    async write(bytes, known) {
      if ((await version()) !== known) throw changedMeanwhile(name);
      await writeFileAtomic(file, bytes, { overwrite: true });
      return version();
    },
  };
}

/** Of an image at an address of the web there is nothing beside. */
function sidecarOfAddress(address: string, ending: string): Sidecar {
  const name = `${address.split("/").at(-1)}.${ending}`;
  return {
    path: name,
    name,
    version: async () => undefined,
    within: (task) => task(),
    refusal: async () => "the image lies at an address of the web",
    write: async () => undefined,
  };
}

/** @returns  what is said where somebody else was faster */
export function changedMeanwhile(at: string): VitrineError {
  return new VitrineError({
    code: "busy",
    at,
    expected: "the file as it was read",
    found: "one that another program has written since",
    hint: "It was read again: look at what changed, then do it once more",
  });
}
