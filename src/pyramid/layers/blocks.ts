import { hilbertIndex } from "../archive/tileOrder.ts";
import { type PixelOffset, type PixelSize, type PyramidLevel, TILE_SIZE } from "../geometry/levels.ts";

/** Levels that one visit of a block makes: its side is 16 tiles, of which one is left at the last of them. */
const BLOCK_LEVELS = 5;

/** Levels that a phase makes, the first of them of full size. */
export interface PhaseLevels {
  readonly first: number;
  readonly count: number;
}

/** A block of tiles of a phase's first level: no two share a tile. Places are in blocks. */
export interface Block {
  readonly row: number;
  readonly column: number;
}

/** A block and which of a list it is made of, in their order. */
export interface FilledBlock extends Block {
  readonly inputs: readonly number[];
}

/** Which levels are made in which phase, the full resolution first. */
export function phasesOf(levels: readonly PyramidLevel[], most: number = BLOCK_LEVELS): PhaseLevels[] {
  const phases: PhaseLevels[] = [];
  for (let first = 0; first < levels.length; first += most)
    phases.push({ first, count: Math.min(most, levels.length - first) });
  return phases;
}

/** Side of a block in pixels of its first level. */
export function blockSide({ count }: PhaseLevels): number {
  return TILE_SIZE * 2 ** (count - 1);
}

/** Where a block lies in its first level, cut at the level's end. */
export function blockBox(
  { row, column }: Block,
  phase: PhaseLevels,
  level: PixelSize,
): PixelOffset & PixelSize {
  const side = blockSide(phase);
  const [y, x] = [row * side, column * side];
  return { y, x, height: Math.min(side, level.height - y), width: Math.min(side, level.width - x) };
}

/** The blocks that boxes of a phase's first level touch, along Hilbert's curve, each with those that touch it. */
export function touchedBlocks(
  boxes: readonly (PixelOffset & PixelSize)[],
  phase: PhaseLevels,
  levels: readonly PyramidLevel[],
): FilledBlock[] {
  const side = blockSide(phase);
  const found = new Map<string, { row: number; column: number; inputs: number[] }>();
  boxes.forEach(({ y, x, height, width }, input) => {
    for (let row = Math.floor(y / side); row * side < y + height; row++) {
      for (let column = Math.floor(x / side); column * side < x + width; column++) {
        const key = `${row} ${column}`;
        const block = found.get(key) ?? { row, column, inputs: [] };
        block.inputs.push(input);
        found.set(key, block);
      }
    }
  });
  return alongCurve([...found.values()], phase, levels);
}

/** The blocks of a phase that are made of those of the phase before, which leave half a tile each. */
export function blocksAbove(
  below: readonly Block[],
  phase: PhaseLevels,
  levels: readonly PyramidLevel[],
): FilledBlock[] {
  const half = TILE_SIZE / 2;
  const boxes = below.map(({ row, column }) => ({
    y: row * half,
    x: column * half,
    height: half,
    width: half,
  }));
  return touchedBlocks(boxes, phase, levels);
}

function alongCurve<B extends Block>(
  blocks: readonly B[],
  { first, count }: PhaseLevels,
  levels: readonly PyramidLevel[],
): B[] {
  const bits = levels.length - first - count;
  const places = blocks.map((block) => ({ block, at: hilbertIndex(bits, block.column, block.row) }));
  return places.sort((a, b) => a.at - b.at).map(({ block }) => block);
}

/** Lists of blocks that have at most `most` different inputs together, one block at least; in their order. */
export function batchesOf(blocks: readonly FilledBlock[], most: number): FilledBlock[][] {
  const batches: FilledBlock[][] = [];
  let inputs = new Set<number>();
  for (const block of blocks) {
    const together = new Set([...inputs, ...block.inputs]);
    if (batches.length === 0 || together.size > most) {
      batches.push([block]);
      inputs = new Set(block.inputs);
    } else {
      batches[batches.length - 1].push(block);
      inputs = together;
    }
  }
  return batches;
}
