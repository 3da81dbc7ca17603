import { useEffect, useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import { askJson, type ExperimentFacts } from "../scene/api.ts";
import type { DrawnObjects, FeatureColors } from "./objects.ts";

interface ObjectsPanelProps {
  readonly types: ExperimentFacts["types"];
  readonly state: ViewState;
  readonly drawn: DrawnObjects | undefined;
  readonly colors: FeatureColors | undefined;
  readonly chosen: number | undefined;
  readonly onChange: (change: Pick<ViewState, "objects" | "feature">) => void;
}

/** Which map objects are drawn, by what they are coloured, and what is known of the chosen one. */
export function ObjectsPanel({ types, state, drawn, colors, chosen, onChange }: ObjectsPanelProps) {
  const type = types.find(({ name }) => name === state.objects);
  return (
    <section aria-label="Map objects">
      <h2>Map objects</h2>
      <label className="row">
        Type
        <select value={state.objects ?? ""} onChange={(event) => onChange(chosenType(event.target.value))}>
          <option value="">none</option>
          {types.map(({ name, objects }) => (
            <option key={name} value={name}>
              {name} ({objects})
            </option>
          ))}
        </select>
      </label>
      {type !== undefined && type.features.length > 0 && (
        <label className="row">
          Colour by
          <select
            value={state.feature ?? ""}
            onChange={(event) =>
              onChange({ objects: type.name, ...(event.target.value && { feature: event.target.value }) })
            }
          >
            <option value="">one colour</option>
            {type.features.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {colors !== undefined && (
        <div className="ramp">
          <span>{Number(colors.low.toPrecision(3))}</span>
          <i aria-hidden="true" />
          <span>{Number(colors.high.toPrecision(3))}</span>
        </div>
      )}
      {type !== undefined && drawn !== undefined && <p className="note">{drawnText(drawn)}</p>}
      {chosen !== undefined && <ObjectDetails at={state.at} id={chosen} />}
    </section>
  );
}

function chosenType(name: string): Pick<ViewState, "objects"> {
  return name === "" ? {} : { objects: name };
}

function drawnText({ detail, objects }: DrawnObjects): string {
  if (detail === "nothing") return "Zoom in: there are too many to be drawn here.";
  return `${objects.length} in view${detail === "centroids" ? ", as points; outlines show further in" : ""}`;
}

interface ObjectFacts {
  readonly id: number;
  readonly name: string | null;
  readonly className: string | null;
  readonly values: readonly { readonly name: string; readonly value: number | null }[];
}

function ObjectDetails({ at, id }: { readonly at: string; readonly id: number }) {
  const [facts, setFacts] = useState<ObjectFacts>();
  useEffect(() => {
    const gone = new AbortController();
    askJson<ObjectFacts>("experiment/object", { at, id }, gone.signal).then(setFacts, () =>
      setFacts(undefined),
    );
    return () => gone.abort();
  }, [at, id]);
  if (facts === undefined) return null;
  return (
    <dl className="details" aria-label="Chosen object">
      <dt>object</dt>
      <dd>{facts.name ?? facts.id}</dd>
      {facts.className !== null && (
        <>
          <dt>class</dt>
          <dd>{facts.className}</dd>
        </>
      )}
      {facts.values.map(({ name, value }) => [
        <dt key={name}>{name}</dt>,
        <dd key={`${name} value`}>{value === null ? "–" : Number(value.toPrecision(5))}</dd>,
      ])}
    </dl>
  );
}
