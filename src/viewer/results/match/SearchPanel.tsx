import type { ResultProps } from "../resultProps.ts";
import type { Choices } from "../useChoices.ts";
import type { SearchFacts } from "./api.ts";
import { MAP_TITLES } from "./matchScene.ts";

interface SearchPanelProps extends Pick<ResultProps, "setState" | "onOpen"> {
  readonly facts: SearchFacts;
  readonly choices: Choices;
}

/** What was searched for in what, and which map is shown. */
export function SearchPanel({ facts, choices, setState }: SearchPanelProps) {
  const { micrograph, template, optics, correlations, shape, searches, maps, warnings } = facts;
  return (
    <section aria-label="Search">
      <h1>{micrograph.name}</h1>
      <p className="note">
        Searched for {template.name}: {correlations.toLocaleString("en")} correlations a pixel
        {shape && ` of ${shape[1]} × ${shape[0]}`}, {Number(optics.pixelSizeA.toPrecision(4))} Å/px
      </p>
      {warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {searches.length > 1 && (
        <label className="row">
          Search
          <select
            value={choices.number("search") ?? 0}
            onChange={(event) => {
              choices.choose({ search: event.target.value, particle: undefined, table: undefined });
              setState(({ view, ...before }) => ({ ...before, channels: [] }));
            }}
          >
            {searches.map((name, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a search is its index
              <option key={i} value={i}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      {maps.length > 1 && (
        <label className="row">
          Map
          <select
            value={choices.text("map") ?? "scaledMip"}
            onChange={(event) => choices.choose({ map: event.target.value })}
          >
            {maps.map((map) => (
              <option key={map} value={map}>
                {MAP_TITLES[map] ?? map}
              </option>
            ))}
          </select>
        </label>
      )}
      <div className="actions">
        {maps.length > 0 && micrograph.at !== null && (
          <button
            type="button"
            aria-pressed={choices.text("split") === "1"}
            onClick={() => choices.choose({ split: choices.text("split") === "1" ? undefined : 1 })}
          >
            Side by side
          </button>
        )}
        <button type="button" onClick={() => setState(({ view, ...before }) => before)} title="Key 0">
          Show all
        </button>
        <button type="button" onClick={() => choices.choose({ files: 1 })}>
          Files
        </button>
      </div>
    </section>
  );
}
