/** Tiles and levels, as an export walks through them. */

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Rows and columns of the tiles of a picture. */
export function* tilesOf({ height, width }: Size, side: number) {
  for (let row = 0; row * side < height; row++)
    for (let column = 0; column * side < width; column++) yield { row, column };
}
