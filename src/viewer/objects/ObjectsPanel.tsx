import { useEffect, useState } from "react";
import { colormapGradient } from "../core/colormaps.ts";
import type { ViewState } from "../core/viewState.ts";
import { askJson } from "../scene/api.ts";
import { numberText } from "../widgets/numbers.ts";
import type { Legend } from "./colors.ts";
import type { DrawnObjects } from "./drawn.ts";
import { FeatureColorsForm } from "./FeatureColorsForm.tsx";
import { FileNote } from "./FileNote.tsx";
import { GroupsPanel } from "./GroupsPanel.tsx";
import type { ObjectModel } from "./useObjectModel.ts";

interface ObjectsPanelProps {
  readonly model: ObjectModel;
  readonly state: ViewState;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
}

/** Which map objects are drawn, by what they are coloured, and what is known of the chosen one. */
export function ObjectsPanel({ model, state, onChange }: ObjectsPanelProps) {
  const { types, own, drawn, inView, coloring, chosen, source } = model;
  const title = source.isOfLabels ? "Objects of the labels" : "Map objects";
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      <label className="row">
        Type
        <select
          value={state.objects ?? ""}
          onChange={({ target }) => onChange((before) => withType(before, target.value))}
        >
          <option value="">none</option>
          {types.map(({ name, objects }) => (
            <option key={name} value={name}>
              {name} ({objects})
            </option>
          ))}
        </select>
      </label>
      {own !== undefined && (
        <label className="row">
          Colour by
          <select
            value={state.colorBy ?? (state.feature === undefined ? "" : `feature ${state.feature}`)}
            onChange={({ target }) => onChange((before) => withColor(before, target.value))}
          >
            <option value="">one colour</option>
            <option value="class">class</option>
            {state.groups !== undefined && <option value="groups">groups by features</option>}
            {own.features.map((name) => (
              <option key={name} value={`feature ${name}`}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {coloring !== undefined && <LegendView legend={coloring.legend} />}
      {coloring?.legend.kind === "ramp" && (
        <FeatureColorsForm
          legend={coloring.legend}
          isOwnRange={state.featureRange !== undefined}
          onChange={onChange}
        />
      )}
      {own !== undefined && drawn !== undefined && <p className="note">{drawnText(drawn, inView)}</p>}
      {own !== undefined && (
        <button
          type="button"
          aria-pressed={state.isTableOpen ?? false}
          onClick={() =>
            onChange(({ isTableOpen = false, ...before }) => ({ ...before, isTableOpen: !isTableOpen }))
          }
        >
          Table and plots
        </button>
      )}
      <FileNote source={source} />
      <GroupsPanel {...{ model, state, onChange }} />
      {chosen !== undefined && <ObjectDetails at={model.at} id={chosen} revision={model.revision} />}
    </section>
  );
}

/** Another type begins without what was said of the last one's features. */
function withType(
  { objects, feature, featureRange, colorBy, brush, plot, groups, ...before }: ViewState,
  name: string,
): ViewState {
  return name === "" ? before : { ...before, objects: name };
}

function withColor({ feature, featureRange, colorBy, ...before }: ViewState, value: string): ViewState {
  if (value === "class" || value === "groups") return { ...before, colorBy: value };
  return value === "" ? before : { ...before, feature: value.replace(/^feature /, "") };
}

/** Which colour means what. */
export function LegendView({ legend }: { readonly legend: Legend }) {
  if (legend.kind === "ramp")
    return (
      <div className="ramp">
        <span>{numberText(legend.low, 3)}</span>
        <i aria-hidden="true" style={{ background: colormapGradient(legend.map) }} />
        <span>{numberText(legend.high, 3)}</span>
      </div>
    );
  return (
    <ul className="legend" aria-label="Legend">
      {legend.groups.map(({ name, color, count }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two classes of one name have other colours
        <li key={i}>
          <i aria-hidden="true" style={{ background: `rgb(${color.join(" ")})` }} />
          <span>{name}</span>
          <b>{count}</b>
        </li>
      ))}
    </ul>
  );
}

function drawnText({ detail }: DrawnObjects, inView: number): string {
  if (detail === "nothing") return "Zoom in: there are too many to be drawn here.";
  return `${inView} in view${detail === "centroids" ? ", as points; outlines show further in" : ""}`;
}

interface ObjectFacts {
  readonly id: number;
  readonly name: string | null;
  readonly className: string | null;
  readonly values: readonly {
    readonly name: string;
    readonly tpoint: number;
    readonly value: number | null;
  }[];
}

interface DetailsProps {
  readonly at: string;
  readonly id: number;
  readonly revision: number;
}

function ObjectDetails({ at, id, revision }: DetailsProps) {
  const [facts, setFacts] = useState<ObjectFacts>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another revision is asked anew
  useEffect(() => {
    const gone = new AbortController();
    askJson<ObjectFacts>("experiment/object", { at, id }, gone.signal).then(setFacts, () =>
      setFacts(undefined),
    );
    return () => gone.abort();
  }, [at, id, revision]);
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
      {facts.values.map(({ name, tpoint, value }) => [
        <dt key={`${name} ${tpoint}`}>{tpoint < 0 ? name : `${name}, time ${tpoint}`}</dt>,
        <dd key={`${name} ${tpoint} value`}>{value === null ? "–" : Number(value.toPrecision(5))}</dd>,
      ])}
    </dl>
  );
}
