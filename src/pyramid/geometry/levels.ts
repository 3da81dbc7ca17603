/** Height and width in pixels. */
export interface PixelSize {
  readonly height: number;
  readonly width: number;
}

/** A pixel of the map: rows down, columns to the right. */
export interface PixelOffset {
  readonly y: number;
  readonly x: number;
}

/** Side of a tile in pixels. */
export const TILE_SIZE = 256;

/** One level of a pyramid: its pixels, and how many tiles hold them. */
export interface PyramidLevel extends PixelSize {
  readonly tileRows: number;
  readonly tileColumns: number;
}

/** A tile of a channel layer, by its place: level 0 is full resolution. Its bytes are those of `LayerArchive.readTile`. */
export interface ChannelLayerTile {
  readonly level: number;
  readonly row: number;
  readonly column: number;
}

/**
 * The levels of a pyramid, full resolution first: each half as large as the one before, rounded up, until one tile holds it; never one level
 * alone. TissueMAPS counts the other way round: its zoom is the last level less ours.
 */
export function pyramidLevels(size: PixelSize): PyramidLevel[] {
  const levels = [levelOf(size)];
  do {
    const { height, width } = levels[levels.length - 1];
    levels.push(levelOf({ height: Math.ceil(height / 2), width: Math.ceil(width / 2) }));
  } while (levels[levels.length - 1].tileRows * levels[levels.length - 1].tileColumns > 1);
  return levels;
}

function levelOf({ height, width }: PixelSize): PyramidLevel {
  return {
    height,
    width,
    tileRows: Math.ceil(height / TILE_SIZE),
    tileColumns: Math.ceil(width / TILE_SIZE),
  };
}

/** The tiles of the level above (`level - 1`) that a tile is made of, row by row: four, or fewer at the right and lower end. */
export function childTiles(
  { level, row, column }: ChannelLayerTile,
  levels: readonly PyramidLevel[],
): ChannelLayerTile[] {
  const { tileRows, tileColumns } = levels[level - 1];
  const children = [0, 1].flatMap((y) =>
    [0, 1].map((x) => ({ level: level - 1, row: 2 * row + y, column: 2 * column + x })),
  );
  return children.filter((child) => child.row < tileRows && child.column < tileColumns);
}

/** A box on the map as viewers draw it: pixels of level 0, y upwards, so that all y are 0 or below. */
export interface MapBox {
  readonly minX: number;
  readonly minY: number;
  readonly maxX: number;
  readonly maxY: number;
}

/** The box that a tile covers, in TissueMAPS' order: `minY` is its upper side, `maxY` its lower one. */
export function tileBox({ level, row, column }: ChannelLayerTile): MapBox {
  const side = TILE_SIZE * 2 ** level;
  const top = row === 0 ? 0 : -row * side;
  return { minX: column * side, minY: top, maxX: (column + 1) * side, maxY: -(row + 1) * side };
}

/** A tile along one axis, and where its first pixel lies in an image: below 0 if the tile begins before it. */
export interface TileSpan {
  readonly index: number;
  readonly offset: number;
}

/**
 * The tiles that an image touches along one axis.
 *
 * @param position      the image's first pixel on the map
 * @param length        its pixels
 * @param displacement  pixels at its end that are left to its neighbour; below 0 there is a gap. TissueMAPS takes them off; default 0
 */
export function tileSpans(position: number, length: number, displacement = 0): TileSpan[] {
  const first = Math.floor(position / TILE_SIZE);
  const end = Math.ceil((position + length - displacement) / TILE_SIZE);
  return Array.from({ length: Math.max(0, end - first) }, (_, i) => {
    const index = first + i;
    return { index, offset: index * TILE_SIZE - position };
  });
}
