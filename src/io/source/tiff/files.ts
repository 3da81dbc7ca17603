import { fileExists } from "#files";
import { VitrineError } from "../../../core/index.ts";
import { TiffReader } from "../../tiff/reader.ts";

/** Files that stay open while nobody reads them. */
const KEPT_OPEN = 16;

interface OpenFile {
  readonly reader: Promise<TiffReader>;
  users: number;
}

/** The files that hold the planes of one image, opened when they are first needed. */
export class TiffFiles {
  readonly #folder: string | undefined;
  readonly #own: TiffReader;
  readonly #open = new Map<string, OpenFile>();

  /**
   * @param own     the file that was opened
   * @param folder  where the others are; undefined where there is none, as beside a Blob
   */
  constructor(own: TiffReader, folder: string | undefined) {
    this.#own = own;
    this.#folder = folder;
  }

  /** Whether a file is beside the one that was opened. */
  async exists(fileName: string): Promise<boolean> {
    return this.#folder !== undefined && fileExists(this.pathOf(fileName));
  }

  /** Never outside of the folder: the name comes from the file. */
  pathOf(fileName: string): string {
    const parts = fileName.split(/[/\\]+/);
    const isBelow = !/^([a-z]+:|[/\\])/i.test(fileName) && !parts.includes("..");
    const name = isBelow ? parts.join("/") : (parts.at(-1) ?? "");
    return this.#folder === undefined || this.#folder === "" ? name : `${this.#folder}/${name}`;
  }

  /** Gives a file (undefined: the one that was opened) to a function. @throws {VitrineError} missing; as `openTiff` */
  async use<T>(fileName: string | undefined, use: (reader: TiffReader) => Promise<T>): Promise<T> {
    if (fileName === undefined) return use(this.#own);
    const file = this.#open.get(fileName) ?? this.#begin(fileName);
    this.#open.delete(fileName);
    this.#open.set(fileName, file);
    file.users++;
    try {
      return await use(await file.reader);
    } finally {
      file.users--;
      await this.#closeIdle();
    }
  }

  async close(): Promise<void> {
    const open = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      open.map(({ reader }) =>
        reader.then(
          (file) => file.close(),
          () => {},
        ),
      ),
    );
  }

  #begin(fileName: string): OpenFile {
    const reader = this.#openFile(fileName);
    // one that could not be opened is tried again
    reader.catch(() => this.#open.delete(fileName));
    return { reader, users: 0 };
  }

  async #openFile(fileName: string): Promise<TiffReader> {
    if (this.#folder === undefined || !(await this.exists(fileName))) {
      const hint = "Keep all files of an image in one folder, under the names that they were written with";
      const at = this.#own.file.name;
      const expected = `the file ${JSON.stringify(fileName)} beside it, which its OME-XML names`;
      throw new VitrineError({ code: "missing", at, expected, found: "none", hint });
    }
    return TiffReader.open(this.pathOf(fileName));
  }

  async #closeIdle(): Promise<void> {
    for (const [name, file] of this.#open) {
      if (this.#open.size <= KEPT_OPEN) return;
      if (file.users > 0) continue;
      this.#open.delete(name);
      await (await file.reader).close();
    }
  }
}
