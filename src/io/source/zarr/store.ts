import { VitrineError } from "../../../core/index.ts";

type Key = `/${string}`;
/** A part of a file: from a place, or its last bytes. */
export type StoreRange =
  | { readonly offset: number; readonly length: number }
  | { readonly suffixLength: number };

/** What zarrita reads from: files below a folder or address. What is not there is undefined, as zarrita wants it. */
export interface FolderStore {
  get(key: Key): Promise<Uint8Array | undefined>;
  getRange(key: Key, range: StoreRange): Promise<Uint8Array | undefined>;
}

/** What is read; undefined where it is not there. */
export async function ifThere(read: () => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof VitrineError && error.code === "missing") return undefined;
    throw error;
  }
}
