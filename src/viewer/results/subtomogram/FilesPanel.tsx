import type { Choices } from "../useChoices.ts";
import type { FolderFacts, MoleculeRows, ShownFiles, VolumeFacts } from "./api.ts";

interface FilesPanelProps {
  readonly facts: FolderFacts;
  readonly files: ShownFiles;
  readonly rows: MoleculeRows | undefined;
  readonly choices: Choices;
  readonly scale: number | undefined;
}

/** Which files are tomogram, average and molecules: guessed, and changed by hand. */
export function FilesPanel({ facts, files, rows, choices, scale }: FilesPanelProps) {
  const { tomogram, average, table } = files;
  const isDifferent =
    average?.scale != null && scale !== undefined && Math.abs(average.scale - scale) > 0.01 * scale;
  return (
    <section aria-label="Molecules in a tomogram">
      <h1>{table?.name ?? "No molecules"}</h1>
      {tomogram !== undefined && (
        <p className="note">
          {tomogram.shape.join(" × ")} voxels (z, y, x)
          {scale !== undefined && `, ${Number(scale.toPrecision(4))} nm/voxel`}
        </p>
      )}
      {tomogram !== undefined && scale === undefined && (
        <p className="warning">
          The file of the tomogram does not say how large its voxels are: molecules have no place until you
          do.
        </p>
      )}
      {rows?.warnings.map((warning) => (
        <p key={warning} className="warning">
          {warning}
        </p>
      ))}
      {isDifferent && (
        <p className="warning">
          The average has voxels of {average.scale} nm, not the tomogram's {scale} nm.
        </p>
      )}
      <Choice label="Tomogram" name="tomogram" chosen={tomogram} all={facts.volumes} choices={choices} />
      <Choice label="Average" name="average" chosen={average} all={facts.volumes} choices={choices} />
      <label className="row">
        Molecules
        <select
          value={table?.at ?? ""}
          onChange={(event) =>
            choices.choose({ table: event.target.value, molecule: undefined, least: undefined })
          }
        >
          {facts.tables.map(({ at, name }) => (
            <option key={at} value={at}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label className="row">
        nm/voxel
        <input
          type="number"
          min={0}
          step="any"
          value={scale ?? ""}
          placeholder="not known"
          onChange={(event) => {
            const value = event.target.valueAsNumber;
            choices.choose({ scale: value > 0 ? value : undefined });
          }}
        />
      </label>
      <div className="actions">
        <button type="button" onClick={() => choices.choose({ files: 1 })}>
          Files
        </button>
      </div>
    </section>
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: "tomogram" | "average";
  readonly chosen: VolumeFacts | undefined;
  readonly all: readonly VolumeFacts[];
  readonly choices: Choices;
}

function Choice({ label, name, chosen, all, choices }: ChoiceProps) {
  if (all.length === 0) return null;
  return (
    <label className="row">
      {label}
      <select
        value={chosen?.at ?? ""}
        onChange={(event) =>
          choices.choose({
            [name]: event.target.value,
            ...(name === "tomogram" ? { at: undefined, scale: undefined } : { within: undefined }),
          })
        }
      >
        {chosen === undefined && <option value="">none</option>}
        {all.map(({ at, name: file }) => (
          <option key={at} value={at}>
            {file}
          </option>
        ))}
      </select>
    </label>
  );
}
