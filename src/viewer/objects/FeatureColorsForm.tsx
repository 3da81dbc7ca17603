import { useEffect, useState } from "react";
import { COLORMAPS, isColormap } from "../core/colormaps.ts";
import type { ViewState } from "../core/viewState.ts";
import type { Legend } from "./colors.ts";

interface FormProps {
  readonly legend: Extract<Legend, { kind: "ramp" }>;
  /** Whether somebody chose the range; else it follows the values. */
  readonly isOwnRange: boolean;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
}

/** The map by which a feature becomes colours, and the values at its ends. */
export function FeatureColorsForm({ legend: { low, high, map }, isOwnRange, onChange }: FormProps) {
  return (
    <>
      <label className="row">
        Colour map
        <select
          aria-label="Colour map of the feature"
          value={map}
          onChange={({ target: { value } }) =>
            onChange((before) => (isColormap(value) ? { ...before, featureMap: value } : before))
          }
        >
          {COLORMAPS.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <div className="row">
        <EndField
          label="From"
          value={low}
          onValue={(value) => onChange((before) => withRange(before, [value, high]))}
        />
        <EndField
          label="to"
          value={high}
          onValue={(value) => onChange((before) => withRange(before, [low, value]))}
        />
        <button
          type="button"
          disabled={!isOwnRange}
          title="The range of the values, without the outermost hundredths"
          onClick={() => onChange(({ featureRange, ...before }) => before)}
        >
          Auto
        </button>
      </div>
    </>
  );
}

interface EndProps {
  readonly label: string;
  readonly value: number;
  readonly onValue: (value: number) => void;
}

/** A number that counts once it is whole: Enter, or the next field. */
function EndField({ label, value, onValue }: EndProps) {
  const shown = String(Number(value.toPrecision(6)));
  const [text, setText] = useState(shown);
  useEffect(() => setText(shown), [shown]);
  const take = () => {
    const next = text.trim() === "" ? Number.NaN : Number(text);
    if (Number.isFinite(next) && text !== shown) onValue(next);
    else setText(shown);
  };
  return (
    <label>
      {label}{" "}
      <input
        className="end"
        inputMode="decimal"
        aria-label={label === "From" ? "Value of the first colour" : "Value of the last colour"}
        value={text}
        onChange={({ target }) => setText(target.value)}
        onBlur={take}
        onKeyDown={({ key }) => key === "Enter" && take()}
      />
    </label>
  );
}

/** The state with another range; ends that are the wrong way round change places. */
function withRange(before: ViewState, [low, high]: readonly [number, number]): ViewState {
  if (low === high) return before;
  return { ...before, featureRange: low < high ? [low, high] : [high, low] };
}
