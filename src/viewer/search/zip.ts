/** Many files as one that can be saved. */
import { Zip, ZipPassThrough } from "fflate";

/** A file of an archive. */
export interface ZippedFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/**
 * An archive of files as they are: noise does not become smaller. Each is asked for when the one before is in the browser's keeping, which
 * puts large ones on the disk.
 *
 * @throws whatever making a file throws
 */
export function zipBlob(files: Iterable<ZippedFile>): Blob {
  let archive = new Blob([]);
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    archive = new Blob([archive, chunk as Uint8Array<ArrayBuffer>]);
  });
  for (const { path, bytes } of files) {
    const file = new ZipPassThrough(path);
    zip.add(file);
    file.push(bytes, true);
  }
  zip.end();
  return archive.slice(0, archive.size, "application/zip");
}
