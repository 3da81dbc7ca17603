import { VitrineError } from "../../core/index.ts";
import { fileExists, openImage, readText } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { axisStep } from "../sampling/tomogram.ts";

/** What reading a tilt series may need besides its files. */
export interface ReadTiltSeriesOptions {
  /** nm/pixel of the images as they were taken; in place of what files say. */
  readonly scale?: number;
  /** Which of several: RELION's rlnTomoName. */
  readonly name?: string;
  /** The images, where they are not beside the file (.aln). */
  readonly imagePath?: string;
  /** What a file says and is not taken into account, once each. */
  readonly onLog?: Log;
}

/** The folder of a file, `.` of a bare name. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "." : path.slice(0, end) || "/";
}

/** The name of a file without its folder and ending. */
export function stemOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.[^.]*$/, "");
}

/** A name in a folder; whole paths stay. */
export function inFolder(folder: string, name: string): string {
  return name.startsWith("/") || folder === "." ? name : `${folder}/${name}`;
}

/** The nearest folder above a file from which a relative path leads to a file, as RELION's do from its project. */
export async function fromProject(path: string, file: string): Promise<string> {
  if (path.startsWith("/")) return path;
  let folder = folderOf(file);
  for (let up = 0; up < PARENTS; up++) {
    if (await fileExists(inFolder(folder, path))) return inFolder(folder, path);
    folder = /(^|\/)\.\.$|^\.$/.test(folder) ? (folder === "." ? ".." : `${folder}/..`) : folderOf(folder);
  }
  const hint = "RELION's paths lead from its project's folder";
  throw new VitrineError({
    code: "missing",
    at: file,
    expected: `${path} in a folder above`,
    found: "none",
    hint,
  });
}

/** Folders above a file that are looked into. */
const PARENTS = 8;

/** Numbers of a file, a line a row. @throws {VitrineError} as {@link columnsText}; missing, storage: the file */
export async function columnsOf(path: string, count: number): Promise<readonly (readonly number[])[]> {
  return columnsText(await readText(path), path, count);
}

/** Numbers of a text, a line a row. @throws {VitrineError} format: fewer in a line, or no number */
export function columnsText(text: string, at: string, count: number): readonly (readonly number[])[] {
  return text.split(/\r?\n/).flatMap((line, i) => {
    if (line.trim() === "") return [];
    const row = line.trim().split(/\s+/).map(Number);
    if (row.length >= count && row.slice(0, count).every(Number.isFinite)) return [row];
    const expected = `${count} number${count === 1 ? "" : "s"}`;
    const found = JSON.stringify(line.slice(0, 60));
    throw new VitrineError({ code: "format", at: `${at} line ${i + 1}`, expected, found });
  });
}

/** nm/pixel of images: as given, else what their file says. @throws {VitrineError} missing: nobody says, or no such file */
export async function imageScale(path: string | undefined, given: number | undefined): Promise<number> {
  if (given !== undefined) return given;
  const hint = "Give the pixel size of the images as they were taken, in nm: --image-scale (scale)";
  if (path === undefined || !(await fileExists(path)))
    throw new VitrineError({
      code: "missing",
      at: path ?? "images",
      expected: "the images, for their pixel size",
      found: "none",
      hint,
    });
  await using image = await openImage(path);
  const scale = axisStep(image, image.axes.length - 1);
  if (scale !== undefined) return scale;
  throw new VitrineError({ code: "missing", at: path, expected: "a pixel size", found: "none", hint });
}
