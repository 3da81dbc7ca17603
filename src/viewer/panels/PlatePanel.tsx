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
  readonly fields: readonly { readonly name: string; readonly isShown: boolean; readonly open: () => void }[];
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
              title={`${found.name}, ${found.note ?? `${found.fields.length} ${found.fields.length === 1 ? "site" : "sites"}`}`}
              aria-label={`Well ${found.name}${found.note === undefined ? "" : `, ${found.note}`}`}
              {...(found.color && { style: { background: `rgb(${found.color.join(" ")})` } })}
              aria-pressed={found.name === chosen}
              onClick={() => onWell(found.name)}
            />
          );
        })}
      </div>
      {well !== undefined && (
        <div className="fields">
          <span>{well.name}:</span>
          {well.fields.map(({ name, isShown, open }) => (
            <button
              type="button"
              key={name}
              aria-pressed={isShown}
              onClick={open}
              aria-label={`Site ${name} of ${well.name}`}
            >
              {name}
            </button>
          ))}
        </div>
      )}
    </section>
  );
}

interface ImagePlateProps {
  readonly plate: PlateFacts;
  /** Name of the field that is shown. */
  readonly image: string;
  readonly onImage: (image: string) => void;
}

/** The plate of an OME-Zarr store: each field is an image. */
export function ImagePlate({ plate, image, onImage }: ImagePlateProps) {
  const names = [...new Set(plate.fields.map(({ well }) => well))];
  const wells = names.map((name) => {
    const fields = plate.fields.filter(({ well }) => well === name);
    return {
      name,
      row: fields[0].rowIndex,
      column: fields[0].columnIndex,
      fields: fields.map((field) => ({
        name: String(field.field),
        isShown: field.image === image,
        open: () => onImage(field.image),
      })),
    };
  });
  const chosen = plate.fields.find((field) => field.image === image)?.well;
  const first = (well: string) => onImage(plate.fields.find((field) => field.well === well)!.image);
  return (
    <PlateGrid
      title="Plate"
      rows={plate.rows.length}
      columns={plate.columns.length}
      {...{ wells, chosen }}
      onWell={first}
    />
  );
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
          fields: sites
            .filter(({ wellId }) => wellId === well.id)
            .map(({ siteIndex, box }) => ({
              name: String(siteIndex),
              isShown: isAt(box),
              open: () => box && onBox(box),
            })),
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
