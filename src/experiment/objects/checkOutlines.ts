/** What is wrong with outlines that come from outside: refused, repaired or left out, and said once. */
import { counted, VitrineError } from "../../core/index.ts";
import { boundsOf, type Shape } from "./shape.ts";
import { redrawShape, shapeFault } from "./validity.ts";

/**
 * What becomes of an object whose outline is broken (crosses itself, has fewer than three points, no numbers, or lies beyond the map):
 * `refuse` ends the import, `skip` leaves the object out, `redraw` draws what crosses or touches itself anew along the edges of pixels and
 * refuses the rest.
 */
export type BrokenOutlines = "refuse" | "skip" | "redraw";

/** Where outlines of a file lie on the map: they are mirrored, then scaled, then moved. */
export interface OutlinePlacement {
  /** The file's y runs upwards, as TissueMAPS writes it. */
  readonly flipY?: boolean;
  /** Pixels of full resolution that one unit of the file is; default 1. */
  readonly scale?: number;
  /** Where the file's origin lies on the map, pixels; default 0. */
  readonly y?: number;
  readonly x?: number;
}

/** The extent of a map, pixels of full resolution. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/** What {@link OutlineChecker} goes by. */
export interface OutlineRules {
  readonly broken: BrokenOutlines;
  /** Not known before there are layers. */
  readonly map: MapSize | undefined;
}

/** What an outline is of. */
export interface CheckedObject {
  readonly at: string;
  readonly isTraced?: boolean;
}

/** Checks outlines, and counts what it left out or changed. */
export class OutlineChecker {
  readonly #rules: OutlineRules;
  readonly #counts = { closed: 0, redrawn: 0, skipped: 0, partlyOutside: 0 };
  #firstSkipped: string | undefined;

  constructor(rules: OutlineRules) {
    this.#rules = rules;
  }

  /** Objects that were left out. */
  get skipped(): number {
    return this.#counts.skipped;
  }

  /** Rings that were closed while they were read. */
  addClosed(rings: number): void {
    this.#counts.closed += rings;
  }

  /**
   * A shape to keep, or nothing where its object is left out.
   *
   * @param object  how messages call the object, and whether its outline was traced, which is valid by that
   * @throws {VitrineError} format: broken, where that is refused; range: beyond the map
   */
  check(shape: Shape, { at, isTraced = false }: CheckedObject): Shape | undefined {
    const fault = isTraced ? undefined : shapeFault(shape);
    const isRedrawn = fault !== undefined && this.#rules.broken === "redraw" && /itself/.test(fault);
    const kept = isRedrawn ? redrawShape(shape) : shape;
    if (fault !== undefined && !isRedrawn) return this.leaveOut(brokenOutline(at, fault));
    if (kept === undefined) return this.leaveOut(brokenOutline(at, `${fault}, and no pixel within`));
    if (isRedrawn) this.#counts.redrawn++;
    return this.#requireOnMap(kept, at);
  }

  /** Leaves an object out, where that is wanted. @throws its fault, where it is not */
  leaveOut(fault: VitrineError): undefined {
    if (this.#rules.broken !== "skip") throw fault;
    this.#counts.skipped++;
    this.#firstSkipped ??= fault.message;
    return undefined;
  }

  /** What was changed or left out, a sentence each. */
  warnings(): string[] {
    const { closed, redrawn, skipped, partlyOutside } = this.#counts;
    return [
      ...(closed > 0
        ? [
            `${counted(closed, "ring did not end where it began and was", "rings did not end where they began and were")} closed`,
          ]
        : []),
      ...(redrawn > 0
        ? [
            `${counted(redrawn, "outline crossed or touched itself and was", "outlines crossed or touched themselves and were")} drawn anew along pixels`,
          ]
        : []),
      ...(skipped > 0
        ? [`${counted(skipped, "object was", "objects were")} left out: ${this.#firstSkipped}`]
        : []),
      ...(partlyOutside > 0
        ? [`${counted(partlyOutside, "object lies", "objects lie")} partly beyond the map`]
        : []),
    ];
  }

  #requireOnMap(shape: Shape, at: string): Shape | undefined {
    const { height, width } = this.#rules.map ?? { height: Infinity, width: Infinity };
    const { minY, minX, maxY, maxX } = boundsOf(shape);
    if (maxY < 0 || maxX < 0 || minY > height || minX > width) {
      const box = `y ${minY} to ${maxY}, x ${minX} to ${maxX}`;
      return this.leaveOut(beyondMap(at, { height, width, box }));
    }
    if (minY < 0 || minX < 0 || maxY > height || maxX > width) this.#counts.partlyOutside++;
    return shape;
  }
}

function brokenOutline(at: string, fault: string): VitrineError {
  return new VitrineError({
    code: "format",
    at,
    expected: "a valid outline",
    found: fault,
    hint: "Leave such objects out with --broken skip; --broken redraw draws those that cross themselves along pixels",
  });
}

function beyondMap(at: string, { height, width, box }: MapSize & { readonly box: string }): VitrineError {
  const size = Number.isFinite(height) ? `the map's ${height} x ${width} pixels` : "y and x of at least 0";
  return new VitrineError({
    code: "range",
    at,
    expected: `an outline within ${size}`,
    found: box,
    hint: "--flip-y turns y upwards round, --at moves what a single site's file holds, --broken skip leaves such objects out",
  });
}

/** Moves a shape to its place on the map. */
export function placeShape(shape: Shape, placement: OutlinePlacement): Shape {
  const { flipY = false, scale = 1, y = 0, x = 0 } = placement;
  if (!flipY && scale === 1 && y === 0 && x === 0) return shape;
  const sy = flipY ? -scale : scale;
  if (shape.kind === "point") return { kind: "point", y: shape.y * sy + y, x: shape.x * scale + x };
  const moved = (ring: Float64Array) =>
    ring.map((value, i) => (i % 2 === 0 ? value * scale + x : value * sy + y));
  return { kind: "polygons", polygons: shape.polygons.map((polygon) => polygon.map(moved)) };
}
