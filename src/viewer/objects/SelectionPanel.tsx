import { useState } from "react";
import { saveBlob } from "../core/save.ts";
import { GROUP_COLORS } from "./colors.ts";
import { EXPORT_FORMATS, exportObjects, type ObjectFile } from "./edits.ts";
import type { ObjectModel } from "./useObjectModel.ts";

interface SelectionProps {
  readonly model: ObjectModel;
  readonly onError: (message: string) => void;
}

/** What is done with the objects that are selected, else with those within the brushes: a class, a file, removal. */
export function SelectionPanel({ model, onError }: SelectionProps) {
  const { own, table, brush, selected, source } = model;
  const isLocked = (source.facts?.locked ?? null) !== null;
  if (own === undefined || table === undefined) return null;
  const rows = selected.size > 0 ? [...selected] : [...(brush ?? [])];
  const ids = rows.map((row) => table.ids[row]);
  const what =
    selected.size > 0
      ? `${ids.length} selected`
      : brush === undefined
        ? `No object is selected: click one, draw around some, or brush a histogram`
        : `${ids.length} within the brushes`;
  return (
    <section aria-label="Selection">
      <h2>Selection</h2>
      <p className="note" role="status">
        {what}.
      </p>
      {own.refType === null && !isLocked && <ClassForm model={model} ids={ids} />}
      <ExportForm at={model.at} type={own.name} ids={ids} onError={onError} />
      {own.refType === null && !source.isOfLabels && !isLocked && selected.size > 0 && (
        <button type="button" onClick={() => model.edit({ type: own.name, remove: ids })}>
          Remove {ids.length === 1 ? "this object" : `${ids.length} objects`}
        </button>
      )}
    </section>
  );
}

function ClassForm({ model, ids }: { readonly model: ObjectModel; readonly ids: readonly number[] }) {
  const { own, table, edit } = model;
  const classes = table?.classes ?? [];
  const [name, setName] = useState("");
  const [color, setColor] = useState<string>();
  const known = classes.find((one) => one.name === name);
  const shown = color ?? known?.color ?? GROUP_COLORS[classes.length % GROUP_COLORS.length];
  const assign = (className: string | null) =>
    edit({ type: own!.name, classify: [{ className, classColor: className === null ? null : shown, ids }] });
  return (
    <form
      className="class-form"
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "" && ids.length > 0) void assign(name.trim());
      }}
    >
      <label>
        Class
        <input
          list="classes"
          value={name}
          maxLength={200}
          autoComplete="off"
          onChange={({ target }) => {
            setName(target.value);
            setColor(undefined);
          }}
        />
      </label>
      <datalist id="classes">
        {[...new Set(classes.map((one) => one.name))].map((one) => (
          <option key={one}>{one}</option>
        ))}
      </datalist>
      <input
        type="color"
        aria-label="Colour of the class"
        value={`#${shown.toLowerCase()}`}
        onChange={({ target }) => setColor(target.value.slice(1).toUpperCase())}
      />
      <button type="submit" disabled={name.trim() === "" || ids.length === 0}>
        Assign
      </button>
      <button type="button" disabled={ids.length === 0} onClick={() => assign(null)}>
        No class
      </button>
    </form>
  );
}

interface ExportProps extends Pick<ObjectFile, "at" | "type"> {
  readonly ids: readonly number[];
  readonly onError: (message: string) => void;
}

/** Saves what is selected, or all objects where nothing is. */
function ExportForm({ at, type, ids, onError }: ExportProps) {
  const [format, setFormat] = useState<ObjectFile["format"]>("geojson");
  const [isBusy, setBusy] = useState(false);
  const save = async () => {
    setBusy(true);
    try {
      const blob = await exportObjects({ at, type, format, ...(ids.length > 0 && { ids }) });
      saveBlob(blob, `${type}.${format}`);
    } catch (error) {
      onError(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <div className="row">
      <label>
        Format{" "}
        <select value={format} onChange={({ target }) => setFormat(target.value as ObjectFile["format"])}>
          {EXPORT_FORMATS.map((each) => (
            <option key={each} value={each}>
              {each === "geojson" ? "GeoJSON" : each === "csv" ? "CSV" : "Parquet"}
            </option>
          ))}
        </select>
      </label>
      <button type="button" disabled={isBusy} onClick={save}>
        {isBusy ? "Saving…" : ids.length > 0 ? `Save these ${ids.length}` : "Save all"}
      </button>
    </div>
  );
}
