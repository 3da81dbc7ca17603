import { useCallback, useMemo, useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import { Histogram } from "../widgets/Histogram.tsx";
import { ScatterPlot } from "../widgets/ScatterPlot.tsx";
import type { TableColumn } from "../widgets/sortedRows.ts";
import { Table } from "../widgets/Table.tsx";
import type { Brush } from "../widgets/useDrawnRing.ts";
import type { ObjectTable } from "./objectTable.ts";
import { MOST_COLUMNS, type ObjectModel } from "./useObjectModel.ts";

interface DrawerProps {
  readonly model: ObjectModel;
  readonly state: ViewState;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
  /** Goes to an object. */
  readonly onRow: (row: number) => void;
}

/** Table of all objects of the type, histograms that brush them, and a scatter plot. */
export function ObjectsDrawer(props: DrawerProps) {
  const { model, onChange } = props;
  const { table, own } = model;
  if (own === undefined) return null;
  return (
    <section className="drawer" aria-label="Table and plots of objects">
      {table === undefined ? (
        <p className="note">Reading {own.objects} objects…</p>
      ) : (
        <>
          <div className="drawer-table">
            <Counts model={model} onChange={onChange} />
            <ObjectRows {...props} table={table} />
          </div>
          {own.features.length > 0 && (
            <>
              <Brushes {...props} />
              <Plot {...props} table={table} />
            </>
          )}
        </>
      )}
    </section>
  );
}

function Counts({
  model: { table, brush, selected, select },
  onChange,
}: Pick<DrawerProps, "model" | "onChange">) {
  const count = table?.ids.length ?? 0;
  return (
    <div className="counts">
      <output aria-label="Objects that are listed">
        {brush === undefined ? `${count} objects` : `${brush.length} of ${count} objects within the brushes`}
        {selected.size > 0 && `, ${selected.size} selected`}
      </output>
      {brush !== undefined && (
        <button type="button" onClick={() => onChange(({ brush: _, ...before }) => before)}>
          Remove brushes
        </button>
      )}
      {brush !== undefined && (
        <button type="button" onClick={() => select(brush)}>
          Select these
        </button>
      )}
      {selected.size > 0 && (
        <button type="button" onClick={() => select([])}>
          Select none
        </button>
      )}
    </div>
  );
}

function ObjectRows({ model, table, onRow }: DrawerProps & { readonly table: ObjectTable }) {
  const { brush, own, values, selected, select } = model;
  const columns = useMemo((): TableColumn[] => {
    const { ids, names, classes, classOf, x, y } = table;
    return [
      { key: "object", title: "object", value: (row) => names[row] ?? ids[row], text: String },
      { key: "class", title: "class", value: (row) => classes[classOf[row]]?.name },
      ...(own?.features ?? []).slice(0, MOST_COLUMNS).map((name) => ({
        key: `feature ${name}`,
        title: name,
        value: (row: number) => values.get(name)?.[row],
      })),
      { key: "x", title: "x", unit: "px", value: (row) => x[row], text: (value) => Number(value).toFixed(0) },
      { key: "y", title: "y", unit: "px", value: (row) => y[row], text: (value) => Number(value).toFixed(0) },
    ];
  }, [table, own, values]);
  return (
    <Table
      label="Objects"
      columns={columns}
      rows={brush ?? table.ids.length}
      selected={selected}
      onSelect={select}
      onRow={onRow}
      lines={8}
      empty={brush === undefined ? "There are no objects." : "No object lies within the brushes."}
    />
  );
}

/** A histogram with limits for each feature that is chosen. */
function Brushes({ model: { own, values, table }, state, onChange }: DrawerProps) {
  const features = own?.features ?? [];
  const [opened, setOpened] = useState(() => features[0]);
  const limits = state.brush ?? {};
  const shown = [...new Set([...Object.keys(limits), ...(features.includes(opened) ? [opened] : [])])];
  return (
    <div className="drawer-part">
      <label className="row">
        Brush
        <select value={opened} onChange={({ target }) => setOpened(target.value)}>
          {features.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      {shown.map((name) => {
        const column = values.get(name);
        if (column === undefined || table === undefined) return null;
        const own = limits[name];
        return (
          <Histogram
            key={name}
            title={name}
            values={column}
            limitTitles={["Lowest", "Highest"]}
            {...(own !== undefined && { limits: own })}
            onLimits={(next) => onChange((before) => withBrush(before, name, next))}
          />
        );
      })}
      <p className="note">Drag across a histogram; a double click or Escape takes its brush away.</p>
    </div>
  );
}

function withBrush(
  { brush = {}, ...before }: ViewState,
  name: string,
  limits: readonly number[] | undefined,
): ViewState {
  const { [name]: _, ...others } = brush;
  const next = limits === undefined ? others : { ...others, [name]: [limits[0], limits[1]] as const };
  return Object.keys(next).length === 0 ? before : { ...before, brush: next };
}

function Plot({ model, state, onChange, table }: DrawerProps & { readonly table: ObjectTable }) {
  const { own, values, selected, select, coloring } = model;
  const features = own?.features ?? [];
  const [brush, setBrush] = useState<Brush>("lasso");
  const [x, y] = state.plot ?? [features[0], features[1] ?? features[0]];
  const isChosen = useCallback((row: number) => selected.has(row), [selected]);
  const [acrossValues, upValues] = [values.get(x), values.get(y)];
  return (
    <div className="drawer-part">
      <div className="row">
        {[x, y].map((name, axis) => (
          <select
            // biome-ignore lint/suspicious/noArrayIndexKey: across and up
            key={axis}
            aria-label={axis === 0 ? "Across" : "Up"}
            value={name}
            onChange={({ target }) =>
              onChange((before) => ({ ...before, plot: axis === 0 ? [target.value, y] : [x, target.value] }))
            }
          >
            {features.map((feature) => (
              <option key={feature}>{feature}</option>
            ))}
          </select>
        ))}
        <button
          type="button"
          onClick={() => setBrush(brush === "lasso" ? "rectangle" : "lasso")}
          aria-label={`Choose by a ${brush === "lasso" ? "free line" : "rectangle"}; change`}
        >
          {brush === "lasso" ? "Lasso" : "Rectangle"}
        </button>
      </div>
      {acrossValues !== undefined && upValues !== undefined && (
        <ScatterPlot
          x={{ title: x, values: acrossValues }}
          y={{ title: y, values: upValues }}
          brush={brush}
          isChosen={isChosen}
          {...(coloring && { colorOf: coloring.colorOf })}
          onPoints={select}
        />
      )}
      <p className="note">
        Draw around points to select their objects{table.ids.length > 0 ? "" : ": there are none"}.
      </p>
    </div>
  );
}
