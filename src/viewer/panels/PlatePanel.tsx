import type { PlateWell } from "../../io/index.ts";
import type { WellMeans } from "../objects/wellMeans.ts";
import type { Box, ExperimentFacts, PlateFacts } from "../scene/api.ts";
import { isInBox } from "../scene/scene.ts";
import { numberText } from "../widgets/numbers.ts";

/** A well, as the grid shows it. */
interface GridWell {
  readonly name: string;
  readonly row: number;
  readonly column: number;
  /** What is known of it, and its colour on a heat map. */
  readonly note?: string;
  readonly color?: readonly [red: number, green: number, blue: number];
  readonly sites: number;
  /** What of it can be opened: a row an acquisition. */
  readonly rows: readonly { readonly title: string; readonly parts: readonly GridPart[] }[];
}

/** All sites of a well, or one. */
interface GridPart {
  readonly name: string;
  /** In full. */
  readonly label: string;
  readonly isShown: boolean;
  readonly open: () => void;
}

interface GridProps {
  readonly title: string;
  readonly rows: number;
  readonly columns: number;
  readonly wells: readonly GridWell[];
  /** Of the well whose fields are listed. */
  readonly chosen: string | undefined;
  readonly onWell: (name: string) => void;
}

/** A plate as a grid of wells; the fields of the chosen well below. */
function PlateGrid({ title, rows, columns, wells, chosen, onWell }: GridProps) {
  const well = wells.find(({ name }) => name === chosen);
  return (
    <section aria-label={`Plate ${title}`}>
      <h2>{title || "Plate"}</h2>
      <div className="plate" ref={(grid) => void grid?.style.setProperty("--columns", String(columns))}>
        {Array.from({ length: rows * columns }, (_, i) => {
          const found = wells.find(({ row, column }) => row * columns + column === i);
          if (found === undefined) {
            // biome-ignore lint/suspicious/noArrayIndexKey: places of a grid
            return <span key={i} className="well empty" />;
          }
          return (
            <button
              type="button"
              key={found.name}
              className={found.color === undefined ? "well" : "well heat"}
              title={`${found.name}, ${found.note ?? sitesText(found.sites)}`}
              aria-label={`Well ${found.name}${found.note === undefined ? "" : `, ${found.note}`}`}
              {...(found.color && { style: { background: `rgb(${found.color.join(" ")})` } })}
              aria-pressed={found.name === chosen}
              onClick={() => onWell(found.name)}
            />
          );
        })}
      </div>
      {well?.rows.map(({ title: row, parts }) => (
        <div className="fields" key={row}>
          <span>{row}:</span>
          {parts.map(({ name, label, isShown, open }) => (
            <button type="button" key={name} aria-pressed={isShown} onClick={open} aria-label={label}>
              {name}
            </button>
          ))}
        </div>
      ))}
    </section>
  );
}

function sitesText(sites: number): string {
  return sites === 1 ? "1 site" : `${sites} sites`;
}

interface ImagePlateProps {
  readonly plate: PlateFacts;
  readonly wells: readonly PlateWell[];
  /** Name of the well or field that is shown. */
  readonly image: string;
  readonly onImage: (image: string) => void;
}

/** The plate of a file: each well is an image of all its fields, and each field is one. */
export function ImagePlate({ plate, wells, image, onImage }: ImagePlateProps) {
  const isIn = (well: PlateWell) => well.image === image || well.fields.includes(image);
  const chosen = wells.find(isIn);
  const fieldOf = (name: string) => String(plate.fields.find((field) => field.image === name)?.field);
  const part = (name: string, label: string, own: string): GridPart => {
    return { name: label, label: own, isShown: image === name, open: () => onImage(name) };
  };
  const rowOf = (well: PlateWell) => {
    const title = titleOf(well, wells);
    const all = well.fields.length > 1 ? [part(well.image, "All", `All sites of ${title}`)] : [];
    const fields = well.fields.map((name) => part(name, fieldOf(name), `Site ${fieldOf(name)} of ${title}`));
    return { title, parts: [...all, ...fields] };
  };
  const names = [...new Set(wells.map(({ well }) => well))];
  return (
    <PlateGrid
      title="Plate"
      rows={plate.rows.length}
      columns={plate.columns.length}
      wells={names.map((name) => {
        const own = wells.filter(({ well }) => well === name);
        const sites = own.reduce((sum, { fields }) => sum + fields.length, 0);
        return { name, row: own[0].rowIndex, column: own[0].columnIndex, sites, rows: own.map(rowOf) };
      })}
      chosen={chosen?.well}
      onWell={(name) => {
        const own = wells.filter(({ well }) => well === name);
        onImage((own.find(({ acquisition }) => acquisition === chosen?.acquisition) ?? own[0]).image);
      }}
    />
  );
}

/** A well that was taken in several acquisitions is called by them, too. */
function titleOf({ well, acquisition, acquisitionName }: PlateWell, wells: readonly PlateWell[]): string {
  if (wells.filter((other) => other.well === well).length === 1) return well;
  return `${well}, ${acquisitionName ?? (acquisition === undefined ? "no acquisition" : `acquisition ${acquisition}`)}`;
}

interface MapPlatesProps {
  readonly parts: ExperimentFacts["parts"];
  /** Middle of the stage. */
  readonly at: { readonly x: number; readonly y: number };
  /** Wells are coloured by it. */
  readonly means?: WellMeans | undefined;
  readonly onBox: (box: Box) => void;
}

/** The plates of an experiment: each well and site is a part of the map. */
export function MapPlates({ parts: { plates, wells, sites }, at, means, onBox }: MapPlatesProps) {
  const isAt = (box: Box | null) => box !== null && isInBox(box, at);
  const sitesOf = (title: string, own: typeof sites): Pick<GridWell, "sites" | "rows"> => {
    const parts = own.map(({ siteIndex, box }) => ({
      ...{ name: String(siteIndex), label: `Site ${siteIndex} of ${title}` },
      ...{ isShown: isAt(box), open: () => box && onBox(box) },
    }));
    return { sites: own.length, rows: [{ title, parts }] };
  };
  return plates.map(({ id, name, nRows, nColumns }) => {
    const own = wells.filter(({ plateId }) => plateId === id);
    return (
      <PlateGrid
        key={id}
        title={name}
        rows={nRows}
        columns={nColumns}
        wells={own.map((well) => ({
          name: well.name,
          row: well.rowIndex,
          column: well.columnIndex,
          ...heatOf(means, well.id),
          ...sitesOf(
            well.name,
            sites.filter(({ wellId }) => wellId === well.id),
          ),
        }))}
        chosen={own.find(({ box }) => isAt(box))?.name}
        onWell={(well) => {
          const box = own.find((candidate) => candidate.name === well)?.box;
          if (box) onBox(box);
        }}
      />
    );
  });
}

function heatOf(means: WellMeans | undefined, well: number): Pick<GridWell, "note" | "color"> {
  if (means === undefined) return {};
  const found = means.byWell.get(well);
  if (found === undefined) return { note: "no objects" };
  const { mean, objects, color } = found;
  return { color, note: `mean ${means.feature} ${numberText(mean)} of ${objects} objects` };
}

/** What the colours of wells mean. */
export function MeansLegend({ means }: { readonly means: WellMeans }) {
  if (means.byWell.size === 0) return null;
  return (
    <>
      <p className="note">Wells by their mean {means.feature}</p>
      <div className="ramp">
        <span>{numberText(means.low, 3)}</span>
        <i aria-hidden="true" />
        <span>{numberText(means.high, 3)}</span>
      </div>
    </>
  );
}
