import type { ReactNode } from "react";
import type { MicroscopeFacts } from "../../acquire/index.ts";
import { saveBlob } from "../core/save.ts";
import { NumberField } from "../panels/NumberField.tsx";
import { durationText } from "../panels/text.ts";
import { PlanChannels } from "./PlanChannels.tsx";
import { PlanPositions } from "./PlanPositions.tsx";
import { type MapHand, ORDERS, type PlanForm, planText } from "./planForm.ts";
import type { Planned } from "./usePlanned.ts";

interface PlanProps {
  readonly form: PlanForm;
  readonly onForm: (some: Partial<PlanForm>) => void;
  readonly planned: Planned | undefined;
  /** Of the one that is there. */
  readonly microscope?: MicroscopeFacts | undefined;
  readonly hand: MapHand | undefined;
  readonly onHand: (hand: MapHand | undefined) => void;
  /** Runs it; left out where there is no microscope. */
  readonly onRun?: (() => void) | undefined;
  readonly onError: (message: string) => void;
}

/** Builds a plan: channels, z, time, positions, tiles; its JSON to run, to save and to copy. */
export function PlanPanel({ form, onForm, planned, microscope, hand, onHand, onRun, onError }: PlanProps) {
  const { z, time, grid } = form;
  const isFine = planned !== undefined && planned.error === undefined && planned.events > 0;
  const save = () => saveBlob(new Blob([planText(form)], { type: "application/json" }), "plan.json");
  const copy = () =>
    navigator.clipboard
      .writeText(planText(form))
      .catch(() => onError("The browser does not let the page copy: save the plan, or copy the text below."));
  return (
    <section aria-label="Plan" className="plan">
      <h2>Plan</h2>
      <PlanChannels channels={form.channels} groups={microscope?.groups ?? []} onForm={onForm} />
      <Part name="z stack" isOn={z.isOn} onOn={(isOn) => onForm({ z: { ...z, isOn } })}>
        <NumberField
          label="Range"
          unit="µm"
          value={z.rangeUm}
          onValue={(rangeUm) => onForm({ z: { ...z, rangeUm } })}
        />
        <NumberField
          label="Step"
          unit="µm"
          value={z.stepUm}
          onValue={(stepUm) => onForm({ z: { ...z, stepUm } })}
        />
      </Part>
      <Part name="Time lapse" isOn={time.isOn} onOn={(isOn) => onForm({ time: { ...time, isOn } })}>
        <NumberField
          label="Time points"
          unit=""
          value={time.loops}
          onValue={(loops) => onForm({ time: { ...time, loops } })}
        />
        <NumberField
          label="Interval"
          unit="s"
          value={time.intervalS}
          onValue={(intervalS) => onForm({ time: { ...time, intervalS } })}
        />
      </Part>
      <PlanPositions positions={form.positions} {...{ onForm, hand, onHand }} />
      <Part name="Tiles" isOn={grid.isOn} onOn={(isOn) => onForm({ grid: { ...grid, isOn } })}>
        <Tiles grid={grid} {...{ onForm, hand, onHand }} />
      </Part>
      <label className="row">
        Order
        <select value={form.order} onChange={({ target }) => onForm({ order: target.value })}>
          {ORDERS.map(([order, text]) => (
            <option key={order} value={order}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <p className={planned?.error === undefined ? "note" : "warning"} role="status" aria-label="Planned">
        {plannedText(planned)}
      </p>
      <div className="actions">
        {onRun !== undefined && (
          <button type="button" className="primary" disabled={!isFine} onClick={onRun}>
            Run
          </button>
        )}
        <button type="button" disabled={!isFine} onClick={save}>
          Save plan.json
        </button>
        <button type="button" disabled={!isFine} onClick={copy}>
          Copy
        </button>
      </div>
      <details>
        <summary>The plan as text</summary>
        <pre>{planText(form)}</pre>
      </details>
    </section>
  );
}

function plannedText(planned: Planned | undefined): string {
  if (planned === undefined) return "Looking at the plan…";
  if (planned.error !== undefined) return planned.error;
  const { events, seconds, tiles, isMore } = planned;
  const parts = [
    `${isMore ? "more than " : ""}${events.toLocaleString("en")} ${events === 1 ? "image" : "images"}`,
    ...(tiles.length > 0 ? [`${tiles.length} ${tiles.length === 1 ? "place" : "places"}`] : []),
    ...(seconds > 0 ? [`at least ${durationText(seconds)}`] : []),
  ];
  return parts.join(", ");
}

interface PartProps {
  readonly name: string;
  readonly isOn: boolean;
  readonly onOn: (isOn: boolean) => void;
  readonly children: ReactNode;
}

/** A part that a plan may have. */
function Part({ name, isOn, onOn, children }: PartProps) {
  return (
    <fieldset className="channel">
      <legend>
        <label>
          <input type="checkbox" checked={isOn} onChange={({ target }) => onOn(target.checked)} /> {name}
        </label>
      </legend>
      {isOn && children}
    </fieldset>
  );
}

function Tiles({
  grid,
  onForm,
  hand,
  onHand,
}: Pick<PlanProps, "onForm" | "hand" | "onHand"> & Pick<PlanForm, "grid">) {
  const { rows, columns, overlapPercent, region } = grid;
  const change = (some: Partial<PlanForm["grid"]>) => onForm({ grid: { ...grid, ...some } });
  return (
    <>
      {region === undefined ? (
        <>
          <NumberField label="Rows" unit="" value={rows} onValue={(value) => change({ rows: value })} />
          <NumberField
            label="Columns"
            unit=""
            value={columns}
            onValue={(value) => change({ columns: value })}
          />
        </>
      ) : (
        <p className="note">
          Over x {region.left.toFixed(1)} to {region.right.toFixed(1)}, y {region.upper.toFixed(1)} to{" "}
          {region.lower.toFixed(1)} µm
        </p>
      )}
      <NumberField
        label="Overlap"
        unit="%"
        value={overlapPercent}
        onValue={(value) => change({ overlapPercent: value })}
      />
      <div className="actions">
        <button
          type="button"
          aria-pressed={hand === "region"}
          onClick={() => onHand(hand === "region" ? undefined : "region")}
        >
          Draw them on the map
        </button>
        {region !== undefined && (
          <button type="button" onClick={() => change({ region: undefined })}>
            About positions
          </button>
        )}
      </div>
    </>
  );
}
