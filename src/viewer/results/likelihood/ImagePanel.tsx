import { isExport } from "../../scene/exported.ts";
import type { Rows } from "../answers.ts";
import { useAnswer } from "../useAnswer.ts";
import type { Choices } from "../useChoices.ts";
import { askPairs, askViews, bestStructure, hasPictures, type LikelihoodFacts, valuesOf } from "./api.ts";
import { Bars } from "./Bars.tsx";
import { Pair } from "./Gallery.tsx";
import { ViewMap } from "./ViewMap.tsx";

interface ImagePanelProps {
  readonly at: string;
  readonly facts: LikelihoodFacts;
  readonly rows: Rows;
  readonly choices: Choices;
  readonly image: number | undefined;
  readonly onError: (message: string) => void;
}

/** The chosen image beside each structure, its posterior over structures and over viewing directions. */
export function ImagePanel(props: ImagePanelProps) {
  const { facts, rows, choices, image } = props;
  const best = image === undefined ? 0 : bestStructure(rows, facts.names.length, image);
  const structure = Math.min(facts.names.length - 1, Math.max(0, choices.number("structure") ?? best));
  return (
    <>
      <section aria-label="Image">
        <h2>{image === undefined ? "Image" : `Image ${image + 1}`}</h2>
        {image === undefined ? (
          <p className="note">A click on an image or a row shows what it says of each structure.</p>
        ) : (
          <ChosenImage {...props} image={image} structure={structure} />
        )}
      </section>
      {facts.folders.parameters != null && <Views {...props} structure={structure} />}
    </>
  );
}

interface ChosenProps extends ImagePanelProps {
  readonly image: number;
  readonly structure: number;
}

function ChosenImage({ at, facts, rows, image, structure, onError }: ChosenProps) {
  const { names } = facts;
  const answer = useAnswer(
    hasPictures(facts) ? JSON.stringify([at, image, structure]) : undefined,
    (signal) => askPairs(at, [[image, structure]], signal),
    onError,
  );
  const number = (quantity: "x" | "y" | "rotation" | "correlation") =>
    valuesOf(rows, quantity, structure)?.[image] ?? Number.NaN;
  return (
    <>
      {answer !== undefined && <Pair pictures={answer.pictures} index={image} structure={structure} />}
      {facts.isIntegrated && (
        <Bars
          label="Posterior over structures"
          shares={names.map((name, k) => ({ name, value: valuesOf(rows, "posterior", k)?.[image] ?? 0 }))}
        />
      )}
      <dl className="details" aria-label="Chosen image">
        <dt>beside</dt>
        <dd>{names[structure]}</dd>
        <dt>correlation</dt>
        <dd>{number("correlation").toFixed(4)}</dd>
        <dt>displacement x, y</dt>
        <dd>
          {number("x").toFixed(2)}, {number("y").toFixed(2)} Å
        </dd>
        <dt>in-plane rotation</dt>
        <dd>{((number("rotation") * 180) / Math.PI).toFixed(1)}°</dd>
      </dl>
    </>
  );
}

/** Viewing directions of a structure: the posterior of the chosen image, or in how many images each is the best. */
function Views({
  at,
  facts,
  choices,
  image,
  structure,
  onError,
}: ImagePanelProps & { readonly structure: number }) {
  const rows = useAnswer(
    JSON.stringify([at, structure, image]),
    (signal) => askViews(at, { structure, image }, signal),
    onError,
  );
  const hasPosterior = rows?.columns.posterior !== undefined;
  return (
    <section aria-label="Viewing directions">
      <h2>Viewing directions</h2>
      <label className="row">
        Of
        <select value={structure} onChange={(event) => choices.choose({ structure: event.target.value })}>
          {facts.names.map((name, k) => (
            <option key={name} value={k}>
              {name}
            </option>
          ))}
        </select>
      </label>
      {rows === undefined ? (
        <p className="note">Reading views…</p>
      ) : (
        <>
          <ViewMap
            label={
              hasPosterior ? `Posterior of image ${(image ?? 0) + 1} over views` : "Best views of all images"
            }
            rows={rows}
            quantity={hasPosterior ? "posterior" : "images"}
          />
          <p className="note">
            {hasPosterior
              ? `Posterior of image ${(image ?? 0) + 1} over ${rows.count} views`
              : `Best views of all images, among ${rows.count}`}
            {image !== undefined &&
              !hasPosterior &&
              (isExport()
                ? "; this copy has no posterior of the image"
                : "; posteriors come with vitrine likelihood --pose-posterior")}
          </p>
        </>
      )}
    </section>
  );
}
