import { useMemo } from "react";
import { shownFiles } from "../../../server/export/shown.ts";
import { askJson } from "../../scene/api.ts";
import type { ResultProps } from "../resultProps.ts";
import { useAnswer } from "../useAnswer.ts";
import { type Choices, useChoices } from "../useChoices.ts";
import {
  type FolderFacts,
  type MoleculeRows,
  moleculesQuery,
  placeOf,
  readMoleculeRows,
  type ShownFiles,
  type VolumeFacts,
  type Zyx,
} from "./api.ts";
import { FilesPanel } from "./FilesPanel.tsx";
import { FscChart } from "./FscChart.tsx";
import { MoleculePanel } from "./MoleculePanel.tsx";
import { MoleculeTable } from "./MoleculeTable.tsx";
import { PlanesPanel } from "./PlanesPanel.tsx";
import { PlanesView } from "./PlanesView.tsx";

/** Molecules in a tomogram: three planes with them in place, their average, what halves agree in, scores about each. */
export function SubtomogramView({ state, setState, onError }: ResultProps) {
  const choices = useChoices(state, setState);
  const facts = useAnswer(
    state.at,
    (signal) => askJson<FolderFacts>("subtomogram", { at: state.at }, signal),
    onError,
  );
  const files = facts && shownFiles(facts, chosenFiles(choices, state.at));
  // molecules whose places are voxels wait for the size of these
  const isWaiting =
    files?.table?.isVoxels && files.tomogram?.scale === null && choices.number("scale") === undefined;
  const query = files?.table && !isWaiting ? moleculesQuery(files, choices.number("scale")) : undefined;
  const rows = useAnswer(
    query && JSON.stringify(query),
    (signal) => readMoleculeRows(query ?? {}, signal),
    onError,
  );
  if (facts === undefined || files === undefined) return <p className="message">Looking for volumes…</p>;
  return <Found {...{ facts, files, rows, choices, onError }} isWaiting={isWaiting ?? false} />;
}

interface FoundProps {
  readonly facts: FolderFacts;
  readonly files: ShownFiles;
  readonly rows: MoleculeRows | undefined;
  /** Whether molecules are read once somebody says how large voxels are. */
  readonly isWaiting: boolean;
  readonly choices: Choices;
  readonly onError: (message: string) => void;
}

function Found({ facts, files, rows, isWaiting, choices, onError }: FoundProps) {
  const isAverage = choices.text("show") === "average" && files.average !== undefined;
  const volume = isAverage ? files.average : files.tomogram;
  const scale = choices.number("scale") ?? files.tomogram?.scale ?? undefined;
  const shown = useShown(rows, choices);
  const chosen = chosenOf(rows, choices);
  const goTo = (index: number) => {
    const place = rows && scale !== undefined && files.tomogram ? placeOf(rows, index) : undefined;
    choices.choose({
      molecule: index + 1,
      show: undefined,
      ...(place && { at: voxelOf(place, scale!, files.tomogram!).join(",") }),
    });
  };
  const parts = { facts, files, rows, isWaiting, choices, scale, shown, chosen, onError, onChoose: goTo };
  return (
    <div className="scene">
      <div className="result-main">
        {volume === undefined ? (
          <div className="frames">
            <p className="message">No volume lies beside this table: no tomogram can be shown.</p>
          </div>
        ) : (
          <PlanesView key={volume.at} {...parts} volume={volume} hasMolecules={!isAverage} />
        )}
        <MoleculeTable {...parts} />
      </div>
      <aside className="result-controls" aria-label="Controls">
        <FilesPanel {...parts} />
        {volume !== undefined && <PlanesPanel {...parts} volume={volume} isAverage={isAverage} />}
        <MoleculePanel {...parts} />
        {facts.curves.map((curve) => (
          <FscChart key={curve.name} curve={curve} scale={files.average?.scale ?? scale} />
        ))}
      </aside>
    </div>
  );
}

/** A table that was opened itself is the one that is shown. */
function chosenFiles(choices: Choices, opened: string) {
  return {
    tomogram: choices.text("tomogram"),
    average: choices.text("average"),
    table: choices.text("table") ?? opened,
  };
}

/** Molecules that are shown: those whose feature lies above the cutoff, where one is chosen. */
function useShown(rows: MoleculeRows | undefined, choices: Choices): readonly number[] {
  const [feature, least] = [choices.text("feature"), choices.number("least")];
  return useMemo(() => {
    if (rows === undefined) return [];
    const all = Array.from({ length: rows.count }, (_, i) => i);
    const values = feature === undefined ? undefined : rows.columns[`feature-${feature}`];
    return values === undefined || least === undefined ? all : all.filter((i) => values[i] >= least);
  }, [rows, feature, least]);
}

function chosenOf(rows: MoleculeRows | undefined, choices: Choices): number | undefined {
  const index = (choices.number("molecule") ?? 0) - 1;
  return rows !== undefined && Number.isInteger(index) && index >= 0 && index < rows.count
    ? index
    : undefined;
}

/** The voxel of a place, within the volume. */
function voxelOf(place: Zyx, scale: number, { shape }: VolumeFacts): number[] {
  return place.map((nm, axis) => Math.min(shape[axis] - 1, Math.max(0, Math.round(nm / scale))));
}
