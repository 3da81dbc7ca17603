import type { MapHand, PlanForm, PlanPosition } from "./planForm.ts";

interface PositionsProps {
  readonly positions: readonly PlanPosition[];
  readonly onForm: (some: Partial<PlanForm>) => void;
  readonly hand: MapHand | undefined;
  readonly onHand: (hand: MapHand | undefined) => void;
}

/** Numbers of a position, in µm. */
const AXES = ["xUm", "yUm", "zUm"] as const;

/** Places of the stage. */
export function PlanPositions({ positions, onForm, hand, onHand }: PositionsProps) {
  const set = (next: readonly PlanPosition[]) => onForm({ positions: next });
  const change = (index: number, some: Partial<PlanPosition>) =>
    set(positions.map((position, i) => (i === index ? { ...position, ...some } : position)));
  return (
    <fieldset className="channel">
      <legend>
        <span>Positions</span>
      </legend>
      {positions.map((position, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may hold the same
        <div className="plan-row" key={i}>
          <input
            type="text"
            aria-label={`Name of position ${i + 1}`}
            placeholder="name"
            value={position.name}
            onChange={({ target }) => change(i, { name: target.value })}
          />
          {AXES.map((axis) => (
            <input
              key={axis}
              type="number"
              aria-label={`${axis[0]} of position ${i + 1}, µm`}
              placeholder={axis[0]}
              step="any"
              value={Number.isNaN(position[axis]) ? "" : position[axis]}
              onChange={({ target }) => change(i, { [axis]: target.valueAsNumber })}
            />
          ))}
          <button
            type="button"
            aria-label={`Remove position ${i + 1}`}
            onClick={() => set(positions.filter((_, at) => at !== i))}
          >
            ✕
          </button>
        </div>
      ))}
      {positions.length > 0 && <p className="note">Name, x, y, z in µm; without z the focus stays</p>}
      <div className="actions">
        <button
          type="button"
          onClick={() => set([...positions, { name: "", xUm: 0, yUm: 0, zUm: Number.NaN }])}
        >
          Add a position
        </button>
        <button
          type="button"
          aria-pressed={hand === "position"}
          onClick={() => onHand(hand === "position" ? undefined : "position")}
        >
          Click them on the map
        </button>
      </div>
    </fieldset>
  );
}
