import { useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import type { GroupsBy } from "./groups.ts";
import type { ObjectModel } from "./useObjectModel.ts";

interface GroupsProps {
  readonly model: ObjectModel;
  readonly state: ViewState;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
}

/** Objects in clusters, or with the classes that those with a class teach: colours of the image, and classes that are kept. */
export function GroupsPanel({ model, state, onChange }: GroupsProps) {
  const { own, groups } = model;
  const [method, setMethod] = useState<GroupsBy["method"]>(state.groups?.method ?? "clusters");
  const [count, setCount] = useState(state.groups?.count ?? 4);
  const [chosen, setChosen] = useState<readonly string[]>(state.groups?.features ?? []);
  if (own === undefined || own.features.length === 0) return null;
  const features = chosen.filter((name) => own.features.includes(name));
  const group = () => {
    const by = { method, count, features: features.length > 0 ? features : own.features };
    onChange(({ feature, ...before }) => ({ ...before, colorBy: "groups", groups: by }));
  };
  return (
    <details className="groups" open={state.groups !== undefined}>
      <summary>Groups by features</summary>
      <label className="row">
        Method
        <select value={method} onChange={({ target }) => setMethod(target.value as GroupsBy["method"])}>
          <option value="clusters">clusters (k-means)</option>
          <option value="classes">like my classes (nearest neighbours)</option>
        </select>
      </label>
      <label className="row">
        {method === "clusters" ? "Clusters" : "Neighbours"}
        <input
          type="number"
          min={method === "clusters" ? 2 : 1}
          max={50}
          value={count}
          onChange={({ target }) => setCount(Math.round(target.valueAsNumber || 2))}
        />
      </label>
      <fieldset className="choices">
        <legend>Features (none: all)</legend>
        {own.features.map((name) => (
          <label key={name}>
            <input
              type="checkbox"
              checked={features.includes(name)}
              onChange={({ target }) =>
                setChosen(target.checked ? [...features, name] : features.filter((each) => each !== name))
              }
            />{" "}
            {name}
          </label>
        ))}
      </fieldset>
      <button type="button" onClick={group}>
        Group
      </button>
      {groups !== undefined && <KeptGroups model={model} />}
    </details>
  );
}

function KeptGroups({ model: { own, groups, table, edit } }: Pick<GroupsProps, "model">) {
  if (groups === undefined || table === undefined || own === undefined) return null;
  const keep = () =>
    edit({
      type: own.name,
      classify: groups.groups.flatMap(({ name, color }, group) => {
        const ids = [...table.ids].filter((_, row) => groups.groupOf[row] === group);
        return ids.length === 0 ? [] : [{ className: name, classColor: color, ids }];
      }),
    });
  return (
    <>
      <p className="note">{groups.note}</p>
      {own.refType === null && (
        <button type="button" onClick={keep}>
          Keep as classes
        </button>
      )}
    </>
  );
}
