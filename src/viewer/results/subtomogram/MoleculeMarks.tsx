import { axisOf, type MoleculeRows, placeOf, type Zyx } from "./api.ts";
import { type Axis, type PlaneFacts, placeOfAxis } from "./planes.ts";

interface MoleculeMarksProps {
  readonly rows: MoleculeRows;
  /** Those that are shown, by their numbers. */
  readonly shown: readonly number[];
  readonly plane: PlaneFacts;
  readonly at: Zyx;
  /** nm/voxel. */
  readonly scale: number;
  /** Molecules farther from the plane are left out, nm. */
  readonly reachNm: number;
  readonly axis: Axis;
  /** Of the arrows, voxels. */
  readonly length: number;
  readonly chosen: number | undefined;
  readonly onChoose: (index: number) => void;
}

/** Molecules of a plane at most: the nearest. */
const MOST = 2000;

/** Molecules about a plane: where they are, and where one of their axes points. */
export function MoleculeMarks(props: MoleculeMarksProps) {
  const { rows, plane, at, scale, axis, length, chosen, onChoose } = props;
  return (
    <>
      {marksOf(props).map((index) => {
        const place = placeOf(rows, index);
        const direction = axisOf(rows, axis, index);
        const [y, x] = [plane.down, plane.right].map((one) => place[placeOfAxis(one)] / scale + 0.5);
        const [dy, dx] = [plane.down, plane.right].map((one) => direction[placeOfAxis(one)] * length);
        const far = Math.abs(place[placeOfAxis(plane.axis)] / scale - at[placeOfAxis(plane.axis)]) * scale;
        return (
          // biome-ignore lint/a11y/noStaticElementInteractions: rows of the table choose by keys
          <g
            key={index}
            className={index === chosen ? "chosen" : "molecule"}
            opacity={1 - 0.6 * Math.min(1, far / (props.reachNm || 1))}
            onClick={(event) => {
              event.stopPropagation();
              onChoose(index);
            }}
          >
            <line className="axis" x1={x} y1={y} x2={x + dx} y2={y + dy} />
            <path stroke="none" d={headOf([x + dx, y + dy], [dx, dy], length / 4)} />
            <circle stroke="none" cx={x} cy={y} r={length / 7} />
          </g>
        );
      })}
    </>
  );
}

/** The nearest to the plane within reach. */
function marksOf({ rows, shown, plane, at, scale, reachNm }: MoleculeMarksProps): number[] {
  const column = rows.columns[plane.axis];
  const middle = at[placeOfAxis(plane.axis)] * scale;
  const distance = (index: number) => Math.abs(column[index] - middle);
  const near = shown.filter((index) => distance(index) <= reachNm);
  const drawn = near.length > MOST ? near.sort((a, b) => distance(a) - distance(b)).slice(0, MOST) : near;
  return drawn;
}

/** The head of an arrow; none where it points out of the plane. */
function headOf([x, y]: readonly number[], [dx, dy]: readonly number[], size: number): string {
  const length = Math.hypot(dx, dy);
  if (length < size) return "";
  const [ux, uy] = [(dx / length) * size, (dy / length) * size];
  return `M${x} ${y}L${x - ux - uy / 2} ${y - uy + ux / 2}L${x - ux + uy / 2} ${y - uy - ux / 2}Z`;
}
