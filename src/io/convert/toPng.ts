import { writeFileAtomic } from "#files";
import { encodePng } from "../png.ts";
import type { PictureOptions, ShownChannel } from "../render/options.ts";
import { renderPicture } from "../render/render.ts";
import type { ImageSource } from "../source/source.ts";

/** How a picture came about. */
export interface PictureReport {
  readonly width: number;
  readonly height: number;
  readonly level: number;
  readonly shrunk: number;
  readonly shown: readonly ShownChannel[];
}

/** Draws an image and writes it as PNG, whole or not at all. Errors as those of `renderPicture`. */
export async function writePngSource(
  source: ImageSource,
  path: string,
  { overwrite, ...options }: PictureOptions & { readonly overwrite: boolean },
): Promise<PictureReport> {
  const { level, shrunk, shown, ...picture } = await renderPicture(source, options);
  await writeFileAtomic(path, encodePng(picture), { overwrite });
  return { width: picture.width, height: picture.height, level, shrunk, shown };
}
