import { seededRandom } from "../../core/index.ts";
import { CELL_REACH_UM, type Cell, cellAt } from "./cellParts.ts";
import { hashSeed } from "./hash.ts";
import { type Plate, wellAt } from "./plate.ts";
import {
  blurUm,
  type ChannelName,
  type FocalSurface,
  focusOf,
  type RenderRequest,
  type Specimen,
} from "./specimen.ts";
import { Canvas, type Window } from "./spots.ts";

/** What describes a plane of cells. */
export interface CellsDescription {
  readonly seed: number;
  /** Cells per mm², on the average. */
  readonly cellsPerMm2: number;
  readonly focus: FocalSurface;
  /** Cells lie in its wells only; everywhere if left out. */
  readonly plate?: Plate | undefined;
}

/** Side of the squares that hold at most one cell each, µm. */
const LOT_UM = 26;

/** Squares kept in memory, and as many of before; a field of 2048 pixels at 10X has 3,200, about 30 kB each if all is grown. */
const KEPT_LOTS = 3_500;

/** Light of the medium, photoelectrons per ms in a pixel. */
const MEDIUM: Readonly<Record<ChannelName, number>> = { DAPI: 4, FITC: 6, Rhodamine: 4, Cy5: 5, BF: 300 };

/** Bright field passes the plastic between the wells, dimmed. */
const PLASTIC: Readonly<Record<ChannelName, number>> = { DAPI: 0, FITC: 0, Rhodamine: 0, Cy5: 0, BF: 90 };

/**
 * An endless plane of fluorescent cells: nuclei (DAPI), fibres (FITC), mitochondria (Rhodamine), membrane and vesicles (Cy5),
 * shadows (BF). Where each cell lies and how it looks follows from the seed and the place alone.
 */
export function createCells(description: CellsDescription): Specimen {
  const cellOf = remember((column, row) => settle(description, column, row));
  return {
    focusUm: (xUm, yUm) => focusOf(description.focus, xUm, yUm),
    fades: (channel) => channel !== "BF",
    render(request, out) {
      fillMedium(description.plate, request, out);
      const canvas = new Canvas(windowOf(request));
      for (const cell of cellsNear(description, request, cellOf))
        drawCell(canvas, cell, description, request);
      canvas.addTo(out);
    },
  };
}

type CellOf = (column: number, row: number) => Cell | undefined;

/** Keeps what was asked for lately: two generations, of which the older one goes when the younger one is full. */
function remember(settle: CellOf): CellOf {
  let young = new Map<string, Cell | undefined>();
  let old = young;
  return (column, row) => {
    const key = `${column},${row}`;
    if (young.has(key)) return young.get(key);
    const cell = old.has(key) ? old.get(key) : settle(column, row);
    if (young.size >= KEPT_LOTS) {
      old = young;
      young = new Map();
    }
    young.set(key, cell);
    return cell;
  };
}

/** Places of an image's pixels. */
export function windowOf(request: RenderRequest): Window {
  const { xUm, yUm, widthPx, heightPx, pixelSizeUm } = request;
  const leftUm = xUm - ((widthPx - 1) / 2) * pixelSizeUm;
  const topUm = yUm - ((heightPx - 1) / 2) * pixelSizeUm;
  return { leftUm, topUm, pixelSizeUm, widthPx, heightPx };
}

function drawCell(
  canvas: Canvas,
  cell: Cell,
  { focus }: CellsDescription,
  { channel, zUm }: RenderRequest,
): void {
  // one distance for the whole cell: over its few µm the surface is flat
  const { xUm, yUm } = cell;
  const placement = { xUm, yUm, blurUm: blurUm(zUm - focusOf(focus, xUm, yUm)) };
  const { discs, chains } = cell.partsOf(channel);
  for (const disc of discs) canvas.disc(disc, placement);
  for (const chain of chains) canvas.chain(chain, placement);
}

/** All cells that can be seen in an image, their blur included. */
function* cellsNear(description: CellsDescription, request: RenderRequest, cellOf: CellOf): Generator<Cell> {
  const { xUm, yUm, zUm, widthPx, heightPx, pixelSizeUm, channel } = request;
  const blur = blurUm(Math.abs(zUm - focusOf(description.focus, xUm, yUm)) + 1);
  const reach = CELL_REACH_UM[channel] + 3.5 * blur;
  const halfWidth = (widthPx / 2) * pixelSizeUm + reach;
  const halfHeight = (heightPx / 2) * pixelSizeUm + reach;
  const lastRow = Math.floor((yUm + halfHeight) / LOT_UM + 1);
  const lastColumn = Math.floor((xUm + halfWidth) / LOT_UM + 1);
  for (let row = Math.floor((yUm - halfHeight) / LOT_UM); row <= lastRow; row++) {
    for (let column = Math.floor((xUm - halfWidth) / LOT_UM); column <= lastColumn; column++) {
      const cell = cellOf(column, row);
      if (cell !== undefined) yield cell;
    }
  }
}

/** Where cells lie whose places are in a window, square by square. */
export function cellPlaces(
  description: CellsDescription,
  window: Readonly<Record<"leftUm" | "topUm" | "rightUm" | "bottomUm", number>>,
): { readonly xUm: number; readonly yUm: number }[] {
  const { leftUm, topUm, rightUm, bottomUm } = window;
  const places = [];
  for (let row = Math.floor(topUm / LOT_UM); row <= Math.floor(bottomUm / LOT_UM); row++) {
    for (let column = Math.floor(leftUm / LOT_UM); column <= Math.floor(rightUm / LOT_UM); column++) {
      const cell = settle(description, column, row);
      if (cell === undefined) continue;
      const { xUm, yUm } = cell;
      if (xUm >= leftUm && xUm < rightUm && yUm >= topUm && yUm < bottomUm) places.push({ xUm, yUm });
    }
  }
  return places;
}

/** The cell of a square, if one settled there. */
function settle({ seed, cellsPerMm2, plate }: CellsDescription, column: number, row: number) {
  const own = hashSeed(seed, column, row);
  const random = seededRandom(own);
  const xUm = (column + 0.2 + 0.6 * random.uniform()) * LOT_UM;
  const yUm = (row + 0.2 + 0.6 * random.uniform()) * LOT_UM;
  const well = plate === undefined ? 0 : wellAt(plate, xUm, yUm);
  if (well === undefined) return undefined;
  const perLot = cellsPerMm2 * (LOT_UM / 1000) ** 2;
  // cells grow in patches, and every well has its own number of them
  const patch = 0.35 + 1.3 * patchiness(seed, column / 9, row / 9);
  const wells = plate === undefined ? 1 : 0.5 + seededRandom(hashSeed(seed, 77, well)).uniform();
  return random.uniform() < perLot * patch * wells ? cellAt(own, xUm, yUm) : undefined;
}

/** Smooth noise from 0 to 1, mean 0.5: values at whole numbers, interpolated. */
function patchiness(seed: number, x: number, y: number): number {
  const column = Math.floor(x);
  const row = Math.floor(y);
  const at = (dx: number, dy: number) => hashSeed(seed, 13, column + dx, row + dy) / 2 ** 32;
  const u = x - column;
  const top = at(0, 0) + u * (at(1, 0) - at(0, 0));
  const bottom = at(0, 1) + u * (at(1, 1) - at(0, 1));
  return top + (y - row) * (bottom - top);
}

/** The medium in the wells, the plate around them. */
function fillMedium(plate: Plate | undefined, request: RenderRequest, out: Float32Array): void {
  const { widthPx, heightPx, pixelSizeUm, channel } = request;
  if (plate === undefined) {
    out.fill(MEDIUM[channel]);
    return;
  }
  const { leftUm, topUm } = windowOf(request);
  for (let row = 0; row < heightPx; row++) {
    const y = topUm + row * pixelSizeUm;
    for (let column = 0; column < widthPx; column++) {
      const inWell = wellAt(plate, leftUm + column * pixelSizeUm, y) !== undefined;
      out[row * widthPx + column] = inWell ? MEDIUM[channel] : PLASTIC[channel];
    }
  }
}
