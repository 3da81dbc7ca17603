interface NumberFieldProps {
  readonly label: string;
  readonly unit: string;
  readonly min?: number | undefined;
  readonly value: number;
  readonly isDisabled?: boolean;
  readonly onValue: (value: number) => void;
}

/** A number with its unit; an empty one is NaN. */
export function NumberField({ label, unit, min, value, isDisabled = false, onValue }: NumberFieldProps) {
  return (
    <label className="field">
      <span>
        {label}
        {unit !== "" && <small> {unit}</small>}
      </span>
      <input
        type="number"
        step="any"
        {...(min !== undefined && { min })}
        disabled={isDisabled}
        value={Number.isNaN(value) ? "" : value}
        onChange={({ target }) => onValue(target.valueAsNumber)}
      />
    </label>
  );
}
