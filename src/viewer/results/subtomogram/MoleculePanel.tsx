import { boxSide, SHIFTS_NM } from "../../../server/export/shown.ts";
import { isExport } from "../../scene/exported.ts";
import { Histogram } from "../../widgets/Histogram.tsx";
import { numberText } from "../../widgets/numbers.ts";
import { askPictures, type NumberPicture } from "../answers.ts";
import { innerEnds, NumberCanvas } from "../NumberCanvas.tsx";
import { useAnswer, useAnswerOrWord } from "../useAnswer.ts";
import type { Choices } from "../useChoices.ts";
import { askSlice, featureOf, type MoleculeRows, placeOf, type ShownFiles } from "./api.ts";

interface MoleculePanelProps {
  readonly rows: MoleculeRows | undefined;
  readonly files: ShownFiles;
  readonly choices: Choices;
  readonly scale: number | undefined;
  readonly chosen: number | undefined;
  readonly onError: (message: string) => void;
}

/** Molecules above a feature's value; the chosen one's volume beside the average, and its landscape of scores. */
export function MoleculePanel(props: MoleculePanelProps) {
  const { rows, choices, chosen } = props;
  return (
    <section aria-label="Molecule">
      {rows !== undefined && rows.features.length > 0 && <FeatureCutoff rows={rows} choices={choices} />}
      <h2>{chosen === undefined ? "Molecule" : `Molecule ${chosen + 1}`}</h2>
      {rows !== undefined && chosen !== undefined ? (
        <ChosenMolecule {...props} rows={rows} chosen={chosen} />
      ) : (
        <p className="note">A click on a molecule or a row shows its volume, in its own axes.</p>
      )}
    </section>
  );
}

/** Which feature counts, and from which value on molecules are shown. */
function FeatureCutoff({ rows, choices }: { readonly rows: MoleculeRows; readonly choices: Choices }) {
  const name = choices.text("feature") ?? (rows.features.includes("score") ? "score" : rows.features[0]);
  const values = featureOf(rows, name);
  const least = choices.number("least");
  if (values === undefined) return null;
  const lowest = values.reduce((low, value) => (value < low ? value : low), Number.POSITIVE_INFINITY);
  return (
    <>
      <label className="row">
        Shown by
        <select
          value={name}
          onChange={(event) => choices.choose({ feature: event.target.value, least: undefined })}
        >
          {rows.features.map((feature) => (
            <option key={feature}>{feature}</option>
          ))}
        </select>
      </label>
      <Histogram
        title={name}
        values={values}
        limits={[least ?? lowest]}
        limitTitles={[`Least ${name}`]}
        onLimits={(limits) => choices.choose({ feature: name, least: limits?.[0] })}
      />
    </>
  );
}

interface ChosenProps extends MoleculePanelProps {
  readonly rows: MoleculeRows;
  readonly chosen: number;
}

function ChosenMolecule({ rows, files, choices, scale, chosen, onError }: ChosenProps) {
  const { tomogram, average, table } = files;
  const size = boxSide(average);
  const hasBox = tomogram !== undefined && table !== undefined && scale !== undefined;
  const which = {
    tomogram: tomogram?.at,
    table: table?.at,
    molecule: chosen,
    scale: choices.number("scale"),
  };
  const { value: box, leftOut } = useAnswerOrWord(
    hasBox ? JSON.stringify([which, size]) : undefined,
    (signal) => askPictures<object>("subtomogram/box", { ...which, size }, signal),
    onError,
  );
  const place = placeOf(rows, chosen);
  return (
    <>
      {leftOut !== undefined && <p className="note">{leftOut}</p>}
      {box !== undefined && <Sections label="molecule" pictures={box.pictures} />}
      {average !== undefined && <AverageSections at={average.at} shape={average.shape} onError={onError} />}
      {hasBox && leftOut === undefined && average !== undefined && (
        <Landscape {...{ which, choices, onError }} template={average.at} />
      )}
      <dl className="details" aria-label="Chosen molecule">
        <dt>z, y, x</dt>
        <dd>{place.map((part) => part.toFixed(2)).join(", ")} nm</dd>
        {rows.features.map((name) => [
          <dt key={name}>{name}</dt>,
          <dd key={`${name} value`}>{numberText(featureOf(rows, name)?.[chosen] ?? Number.NaN)}</dd>,
        ])}
      </dl>
    </>
  );
}

/** Three sections side by side, in one contrast. */
function Sections({
  label,
  pictures,
}: {
  readonly label: string;
  readonly pictures: readonly NumberPicture[];
}) {
  const limits = innerEnds(pictures[0]?.data ?? []);
  return (
    <div className="number-pictures">
      {pictures.map(({ name, data, shape: [height, width] }) => (
        <NumberCanvas
          key={name}
          label={`${label} across its ${name} axis`}
          caption={`${label}, ${name}`}
          {...{ data, height, width, limits }}
        />
      ))}
    </div>
  );
}

interface AverageProps {
  readonly at: string;
  readonly shape: readonly [number, number, number];
  readonly onError: (message: string) => void;
}

function AverageSections({ at, shape, onError }: AverageProps) {
  const answer = useAnswer(
    at,
    (signal) =>
      Promise.all(
        (["z", "y", "x"] as const).map(async (axis, i) => {
          const picture = await askSlice({ at, axis, index: shape[i] >> 1 }, signal);
          return { ...picture, name: axis };
        }),
      ),
    onError,
  );
  return answer === undefined ? null : <Sections label="average" pictures={answer} />;
}

interface LandscapeProps {
  readonly which: Readonly<Record<string, string | number | undefined>>;
  readonly template: string;
  readonly choices: Choices;
  readonly onError: (message: string) => void;
}

interface LandscapeFacts {
  readonly score: number;
  readonly shiftNm: readonly [number, number, number];
}

function Landscape({ which, template, choices, onError }: LandscapeProps) {
  const maxShift = choices.number("shift") ?? SHIFTS_NM[0];
  const query = { ...which, template, maxShift };
  const { value: answer, leftOut } = useAnswerOrWord(
    JSON.stringify(query),
    (signal) => askPictures<LandscapeFacts>("subtomogram/landscape", query, signal),
    onError,
  );
  return (
    <>
      <label className="row">
        Landscape to
        <select value={maxShift} onChange={(event) => choices.choose({ shift: event.target.value })}>
          {(isExport() ? SHIFTS_NM.slice(0, 1) : SHIFTS_NM).map((shift) => (
            <option key={shift} value={shift}>
              {shift} nm
            </option>
          ))}
        </select>
      </label>
      {answer === undefined ? (
        <p className="note">{leftOut ?? "Comparing with the average…"}</p>
      ) : (
        <>
          <Sections label="scores" pictures={answer.pictures} />
          <p className="note">
            Best score with the average {answer.facts.score.toFixed(3)}, shifted by{" "}
            {answer.facts.shiftNm.map((shift) => shift.toFixed(2)).join(", ")} nm (z, y, x)
          </p>
        </>
      )}
    </>
  );
}
