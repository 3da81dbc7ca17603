import { askJson } from "../../scene/api.ts";
import { askRows, type Rows } from "../answers.ts";
import type { ResultProps } from "../resultProps.ts";
import { useAnswer } from "../useAnswer.ts";
import { useChoices } from "../useChoices.ts";
import { hasPictures, type LikelihoodFacts } from "./api.ts";
import { Gallery } from "./Gallery.tsx";
import { ImagePanel } from "./ImagePanel.tsx";
import { ImageTable } from "./ImageTable.tsx";
import { StructuresPanel } from "./StructuresPanel.tsx";

/** Images against structures: what these are worth, each image beside its best template, posteriors over structures and views. */
export function LikelihoodView({ state, setState, onError }: ResultProps) {
  const choices = useChoices(state, setState);
  const { at } = state;
  const facts = useAnswer(at, (signal) => askJson<LikelihoodFacts>("likelihood", { at }, signal), onError);
  const rows = useAnswer(
    facts === undefined || facts.images === null ? undefined : at,
    (signal) => askRows("likelihood/images", { at }, signal),
    onError,
  );
  if (facts === undefined) return <p className="message">Reading the comparison…</p>;
  const image = imageOf(rows, choices.number("image"));
  const onImage = (index: number) => choices.choose({ image: index + 1 });
  const parts = { at, facts, choices, image, onImage, onError };
  return (
    <div className="scene">
      <div className="result-main">
        {rows === undefined || !hasPictures(facts) ? (
          <div className="frames">
            <p className="message">
              {facts.images !== null && rows === undefined
                ? "Reading the images…"
                : "Images cannot be shown: what is missing is told beside."}
            </p>
          </div>
        ) : (
          <Gallery {...parts} rows={rows} />
        )}
        {rows !== undefined && <ImageTable {...parts} rows={rows} />}
      </div>
      <aside className="result-controls" aria-label="Controls">
        <StructuresPanel {...parts} rows={rows} />
        {rows !== undefined && <ImagePanel {...parts} rows={rows} />}
      </aside>
    </div>
  );
}

/** The image that is looked at; undefined: none. */
function imageOf(rows: Rows | undefined, chosen: number | undefined): number | undefined {
  const index = (chosen ?? 0) - 1;
  return rows !== undefined && Number.isInteger(index) && index >= 0 && index < rows.count
    ? index
    : undefined;
}
