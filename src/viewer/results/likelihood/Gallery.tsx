import { useMemo } from "react";
import type { NumberPicture, Rows } from "../answers.ts";
import { NumberCanvas } from "../NumberCanvas.tsx";
import { useAnswer } from "../useAnswer.ts";
import type { Choices } from "../useChoices.ts";
import { askPairs, bestStructure, type LikelihoodFacts, valuesOf } from "./api.ts";
import { shareText } from "./Bars.tsx";

interface GalleryProps {
  readonly at: string;
  readonly facts: LikelihoodFacts;
  readonly rows: Rows;
  readonly choices: Choices;
  /** Chosen. */
  readonly image: number | undefined;
  readonly onImage: (image: number) => void;
  readonly onError: (message: string) => void;
}

/** Images at once. */
const PAGE = 12;

/** Images, each beside the best template of its structure, as the microscope would have seen it. */
export function Gallery({ at, facts, rows, choices, image, onImage, onError }: GalleryProps) {
  const { names } = facts;
  const pages = Math.ceil(rows.count / PAGE);
  const page = Math.min(pages - 1, Math.max(0, choices.number("page") ?? 0));
  const shown = useMemo(() => {
    const first = page * PAGE;
    return Array.from({ length: Math.min(PAGE, rows.count - first) }, (_, i) => {
      const index = first + i;
      return { index, structure: bestStructure(rows, names.length, index) };
    });
  }, [rows, names.length, page]);
  const pairs = shown.map(({ index, structure }) => [index, structure] as const);
  const answer = useAnswer(JSON.stringify([at, pairs]), (signal) => askPairs(at, pairs, signal), onError);
  return (
    <section className="gallery-box" aria-label="Images beside their best templates">
      <h2>Images beside their best templates</h2>
      {answer?.facts.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {answer === undefined && <p className="note">Drawing images…</p>}
      <ul className="gallery">
        {answer !== undefined &&
          shown.map(({ index, structure }) => (
            <li key={index}>
              <button
                type="button"
                aria-label={`Image ${index + 1} beside ${names[structure]}`}
                aria-pressed={index === image}
                onClick={() => onImage(index)}
              >
                <Pair pictures={answer.pictures} index={index} structure={structure} />
                <span className="note">
                  {index + 1} · {names[structure]} · {worth(rows, structure, index)}
                </span>
              </button>
            </li>
          ))}
      </ul>
      {pages > 1 && (
        <div className="actions">
          <button type="button" disabled={page === 0} onClick={() => choices.choose({ page: page - 1 })}>
            Before
          </button>
          <span className="note">
            {page + 1} of {pages}
          </span>
          <button
            type="button"
            disabled={page === pages - 1}
            onClick={() => choices.choose({ page: page + 1 })}
          >
            Next
          </button>
        </div>
      )}
    </section>
  );
}

/** What an image says of its structure, in a word. */
function worth(rows: Rows, structure: number, index: number): string {
  const posterior = valuesOf(rows, "posterior", structure)?.[index];
  const correlation = valuesOf(rows, "correlation", structure)?.[index] ?? Number.NaN;
  const text = `correlation ${correlation.toFixed(3)}`;
  return posterior === undefined ? text : `p ${shareText(posterior)}, ${text}`;
}

interface PairProps {
  readonly pictures: readonly NumberPicture[];
  readonly index: number;
  readonly structure: number;
}

/** An image and its template, each in its own contrast: an image has far more noise. */
export function Pair({ pictures, index, structure }: PairProps) {
  const find = (name: string) => pictures.find((picture) => picture.name === name);
  const both = [
    ["image", find(`image-${index}`)],
    ["template", find(`template-${index}-${structure}`)],
  ] as const;
  if (both.some(([, picture]) => picture === undefined))
    return <span className="note">The pictures are left out of this copy.</span>;
  return (
    <span className="number-pictures">
      {both.map(([word, picture]) =>
        picture === undefined ? null : (
          <NumberCanvas
            key={word}
            label={`${word} ${index + 1}`}
            data={picture.data}
            height={picture.shape[0]}
            width={picture.shape[1]}
          />
        ),
      )}
    </span>
  );
}
