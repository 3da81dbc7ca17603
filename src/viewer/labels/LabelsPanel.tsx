import { useEffect, useState } from "react";
import type { ViewState } from "../core/viewState.ts";
import { formatObjectsAt, parseObjectsAt } from "../objects/names.ts";
import type { ObjectModel } from "../objects/useObjectModel.ts";
import { askJson } from "../scene/api.ts";
import { isExport } from "../scene/exported.ts";
import { labelsOver, type Scene } from "../scene/scene.ts";
import { sharedLabels } from "./objectLook.ts";
import { LABEL_OPACITY } from "./opacity.ts";
import { isLabelScene } from "./useLabelLayers.ts";

interface LabelsProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly model: ObjectModel;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly onQuietly: LabelsProps["onChange"];
}

/** What the server offers beside an image. */
interface Choices {
  readonly tables: readonly string[];
  readonly types: readonly { readonly at: string; readonly type: string; readonly objects: number }[];
  readonly labels: readonly string[];
  readonly first: string | null;
}

const NONE: Choices = { tables: [], types: [], labels: [], first: null };

/** The one type of objects of a label image, as the server calls it. */
const LABELS = "Labels";

/** Which label image lies over the image, and whose features colour its labels. */
export function LabelsPanel({ scene, state, model, onChange, onQuietly }: LabelsProps) {
  const choices = useChoices(scene, state);
  useFirst({ scene, state, model, choices, onQuietly });
  const facts = scene.image;
  if (facts === undefined) return null;
  const isOwn = isLabelScene(scene, state);
  const names = isOwn ? [] : labelsOver(facts);
  const isUnnamed = !facts.isLabels && scene.channels.length === 1 && names.length === 0 && !state.labelsAt;
  const canBeLabels = isUnnamed || state.isLabels === true;
  const files = isOwn ? [] : choices.labels;
  const isShown = isOwn || state.labels !== undefined || state.labelsAt !== undefined;
  if (!isOwn && names.length + files.length === 0 && !canBeLabels) return null;
  return (
    <section aria-label="Labels">
      <h2>Labels</h2>
      {names.length + files.length > 0 && (
        <label className="row">
          Over the image
          <select
            value={
              state.labelsAt === undefined ? state.labels && `own ${state.labels}` : `file ${state.labelsAt}`
            }
            onChange={({ target }) => onChange((before) => withLabels(before, target.value))}
          >
            <option value="">none</option>
            {names.map((name) => (
              <option key={name} value={`own ${name}`}>
                {name}
              </option>
            ))}
            {files.map((at) => (
              <option key={at} value={`file ${at}`}>
                {nameOf(at)}
              </option>
            ))}
          </select>
        </label>
      )}
      {canBeLabels && (
        <label className="row">
          Values are labels
          <input
            type="checkbox"
            checked={state.isLabels ?? false}
            onChange={({ target }) => onChange((before) => asLabels(before, target.checked))}
          />
        </label>
      )}
      {isShown && (
        <label className="row">
          Opacity of labels
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={state.labelOpacity ?? (isOwn ? 1 : LABEL_OPACITY)}
            onChange={({ target }) =>
              onChange((before) => ({ ...before, labelOpacity: target.valueAsNumber }))
            }
          />
        </label>
      )}
      {isShown && !isExport() && <MeasuredBy {...{ state, choices, onChange }} />}
      {isShown && <SourceNotes model={model} />}
    </section>
  );
}

/** Where features of labels come from. */
function MeasuredBy({
  state,
  choices,
  onChange,
}: Pick<LabelsProps, "state" | "onChange"> & { readonly choices: Choices }) {
  const table = parseObjectsAt(state.objectsAt ?? "")?.table;
  const sources = [
    { value: JSON.stringify([labelsName(state), LABELS]), text: "their own pixels" },
    ...[...new Set([...choices.tables, ...(table === undefined ? [] : [table])])].map((at) => ({
      value: JSON.stringify([labelsName(state, at), LABELS]),
      text: nameOf(at),
    })),
    ...choices.types.map(({ at, type, objects }) => ({
      value: JSON.stringify([at, type]),
      text: `${type} of ${nameOf(at)} (${objects})`,
    })),
  ];
  return (
    <label className="row">
      Measured by
      <select
        value={state.objectsAt === undefined ? "" : JSON.stringify([state.objectsAt, state.objects])}
        onChange={({ target }) => onChange((before) => withSource(before, target.value))}
      >
        <option value="">nothing</option>
        {sources.map(({ value, text }) => (
          <option key={value} value={value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What was left out or cannot be shown. */
function SourceNotes({ model: { source, table } }: Pick<LabelsProps, "model">) {
  if (!source.isOfLabels) return null;
  const shared = table === undefined ? 0 : sharedLabels(table);
  const notes = [
    ...(source.facts?.warnings ?? []),
    ...(shared > 0 ? [`${shared} objects have the label of another one: the first of each colours it`] : []),
  ];
  return notes.map((note) => (
    <p key={note} className="warning">
      {note}
    </p>
  ));
}

function useChoices(scene: Scene, { at, image }: ViewState): Choices {
  const [choices, setChoices] = useState(NONE);
  const isImage = scene.image !== undefined && !isExport();
  useEffect(() => {
    setChoices(NONE);
    if (!isImage) return;
    const gone = new AbortController();
    // what cannot be offered is no fault of the image
    askJson<Choices>("objects/choices", { at, image }, gone.signal).then(setChoices, () => {});
    return () => gone.abort();
  }, [isImage, at, image]);
  return choices;
}

interface FirstOptions extends Pick<LabelsProps, "scene" | "state" | "model" | "onQuietly"> {
  readonly choices: Choices;
}

/** A table that was named when the server was started colours labels before anybody chose. */
function useFirst({ scene, state, model, choices: { first }, onQuietly }: FirstOptions): void {
  const [done, setDone] = useState<string | null>(null);
  const [isColored, setColored] = useState(false);
  const labels = scene.image && labelsOver(scene.image)[0];
  const isOwn = isLabelScene(scene, state);
  useEffect(() => {
    if (first === null || done === first || (!isOwn && labels === undefined)) return;
    setDone(first);
    onQuietly((before) => {
      if (before.objectsAt !== undefined) return before;
      const shown = isOwn || before.labels !== undefined ? before : { ...before, labels: labels! };
      return { ...shown, objectsAt: labelsName(shown, first), objects: LABELS };
    });
  }, [first, done, labels, isOwn, onQuietly]);
  // what the table adds comes after what the pixels tell
  const feature = model.own?.features[1];
  const isFirst = first !== null && parseObjectsAt(state.objectsAt ?? "")?.table === first;
  useEffect(() => {
    if (isColored || !isFirst || feature === undefined) return;
    setColored(true);
    onQuietly((before) => {
      const isChosen = before.feature !== undefined || before.colorBy !== undefined;
      return isChosen ? before : { ...before, feature };
    });
  }, [isColored, isFirst, feature, onQuietly]);
}

/** The address of the labels that are shown. */
function labelsName({ at, image, labels, labelsAt }: ViewState, table?: string): string {
  const name = labelsAt === undefined ? (labels ?? image) : labels;
  return formatObjectsAt({
    of: "labels",
    at: labelsAt ?? at,
    ...(name !== undefined && { image: name }),
    ...(table !== undefined && { table }),
  });
}

/** Without what was said of the objects of the last labels. */
function withoutObjects({
  objectsAt,
  objects,
  feature,
  featureRange,
  colorBy,
  brush,
  plot,
  groups,
  isTableOpen,
  ...before
}: ViewState): ViewState {
  return before;
}

function withLabels(before: ViewState, value: string): ViewState {
  const { labels, labelsAt, ...rest } = before.objectsAt === undefined ? before : withoutObjects(before);
  if (value.startsWith("own ")) return { ...rest, labels: value.slice(4) };
  return value.startsWith("file ") ? { ...rest, labelsAt: value.slice(5) } : rest;
}

function asLabels({ isLabels, ...before }: ViewState, isSo: boolean): ViewState {
  const { labels, labelsAt, ...rest } = withoutObjects(before);
  return isSo ? { ...rest, isLabels: true } : rest;
}

function withSource(before: ViewState, value: string): ViewState {
  const rest = withoutObjects(before);
  if (value === "") return rest;
  const [objectsAt, objects] = JSON.parse(value) as [string, string];
  return { ...rest, objectsAt, objects };
}

function nameOf(at: string): string {
  return at.split("/").at(-1) ?? at;
}
