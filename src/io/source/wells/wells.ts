import { Semaphore, VitrineError } from "../../../core/index.ts";
import type { ImageCollection, ImageSource, PlateField, PlateWell, StagePlaces } from "../source.ts";
import { pasteFields } from "./paste.ts";
import { type OpenField, placeFields } from "./place.ts";

/** Fields of a well that are opened at once. */
const AT_ONCE = 16;
/** Wells that a message names. */
const MOST_NAMES = 20;

/**
 * A collection that opens the wells of its plate too, each with all its fields; one without a plate is what it was.
 *
 * @param stage  where the stage was, of files that tell it elsewhere; asked for where fields themselves have no positions
 */
export function withWells(collection: ImageCollection, stage?: () => Promise<StagePlaces>): ImageCollection {
  const { plate, images } = collection;
  if (plate === undefined) return collection;
  const wells = wellsOf(plate, images);
  const known = new Set([...images, ...collection.labels]);
  return {
    ...collection,
    wells,
    ...(stage && { stagePlaces: stage }),
    async open(image) {
      if (image === undefined || known.has(image)) return collection.open(image);
      const well = wells.find((one) => one.image === image);
      if (well === undefined) throw noWell(collection, { wells, image });
      return openWell(collection, well, stage);
    },
  };
}

function noWell(
  { name, images }: ImageCollection,
  { wells, image }: { readonly wells: readonly PlateWell[]; readonly image: string },
): VitrineError {
  const names = wells.map((well) => well.image);
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return new VitrineError({
    code: "missing",
    at: `${name} image`,
    expected: `a well (${shown}${names.length > MOST_NAMES ? " …" : ""}) or a field (${images[0]} …)`,
    found: JSON.stringify(image),
  });
}

/** In the order of their first fields. */
function wellsOf(
  { fields, acquisitions = {} }: NonNullable<ImageCollection["plate"]>,
  images: readonly string[],
): PlateWell[] {
  const groups = new Map<string, PlateField[]>();
  for (const field of fields) {
    const key = JSON.stringify([field.well, field.acquisition]);
    groups.set(key, [...(groups.get(key) ?? []), field]);
  }
  const all = [...groups.values()];
  return all.map((group) => {
    const [{ well, rowIndex, columnIndex, acquisition, image }] = group;
    const isOne = all.filter(([first]) => first.well === well).length === 1;
    const name = isOne
      ? well
      : `${well} ${acquisition === undefined ? "without acquisition" : `acquisition ${acquisition}`}`;
    const acquisitionName = acquisition === undefined ? undefined : acquisitions[acquisition];
    return {
      image: group.length === 1 ? image : images.includes(name) ? `well ${name}` : name,
      ...{ well, rowIndex, columnIndex },
      ...(acquisition !== undefined && { acquisition }),
      ...(acquisitionName !== undefined && { acquisitionName }),
      fields: group.map((field) => field.image),
    };
  });
}

/**
 * Opens all fields of a well as one image. Fields that cannot be opened or are of another kind are left out, with a word.
 *
 * @throws {VitrineError} what opening the first field threw, where none opens
 */
async function openWell(
  collection: ImageCollection,
  { image, fields }: PlateWell,
  stage?: () => Promise<StagePlaces>,
): Promise<ImageSource> {
  const opening = new Semaphore(AT_ONCE);
  const tried = await Promise.all(
    fields.map((field) =>
      opening.run(() =>
        collection.open(field).then(
          (source): OpenField => ({ image: field, source }),
          (error: unknown) => ({ image: field, error: asRefusal(error) }),
        ),
      ),
    ),
  );
  const opened = tried.filter((one) => "source" in one);
  const failed = tried.filter((one) => "error" in one);
  if (opened.length === 0) throw failed[0].error;
  const lost = failed.map((one) => `field ${one.image} is left out: ${one.error.message}`);
  const unaided = placeFields(opened);
  const told = unaided.isGrid ? await stage?.().catch(asRefusal) : undefined;
  if (told instanceof VitrineError) lost.push(`where the stage was cannot be read: ${told.message}`);
  const placed = told instanceof Map ? placeFields(opened, told) : unaided;
  return pasteFields(placed, {
    name: `${collection.name} ${image}`,
    sources: opened.map(({ source }) => source),
    warnings: [...lost, ...placed.warnings],
  });
}

/** What says nothing of the file. Servers refuse what is not there, too (`storage`). */
const PASSING = ["aborted", "busy", "timeout"];

/** A field that is lost, refused or damaged is no reason to show none of the others. */
function asRefusal(error: unknown): VitrineError {
  if (error instanceof VitrineError && !PASSING.includes(error.code)) return error;
  throw error;
}
