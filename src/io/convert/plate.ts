import { VitrineError } from "../../core/index.ts";
import { createOmeZarrPlate } from "../omezarr/multiscale/plate.ts";
import type { ImageCollection, ImageSource, PlateField } from "../source/source.ts";
import { createOmeTiff } from "../tiff/ome/writer.ts";
import { convertedView } from "./bits.ts";
import { titleOf, writeFolder } from "./folders.ts";
import { leftOut } from "./losses.ts";
import type { ConvertOptions } from "./options.ts";
import { countPlanes, piecesOf } from "./pieces.ts";
import { fill, imageOptions } from "./toOmeZarr.ts";

/** Whether images are the fields of a plate, of which none is asked for by its name. */
export function isWholePlate({ plate }: ImageCollection, { image }: Pick<ConvertOptions, "image">): boolean {
  return plate !== undefined && image === undefined && plate.fields.length > 0;
}

type Plate = NonNullable<ImageCollection["plate"]>;
type PlateOptions = ConvertOptions & { readonly format: "ome-zarr" | "ome-tiff" };

/** A plate on its way. */
interface Work {
  readonly collection: ImageCollection;
  readonly plate: Plate;
  readonly to: string;
  readonly options: PlateOptions;
}

/**
 * Writes all fields of a plate as a plate: of OME-Zarr, or of OME-TIFF, where every field is a series of one file.
 *
 * @returns how many planes
 * @throws {VitrineError} missing: no plate; unsupported: for OME-TIFF, fields of several sizes or types; and the errors of the formats
 */
export async function copyPlate(
  collection: ImageCollection,
  to: string,
  options: PlateOptions,
): Promise<number> {
  const { plate, labels, name, warnings } = collection;
  if (plate === undefined)
    throw new VitrineError({ code: "missing", at: name, expected: "a plate", found: "none" });
  for (const line of new Set(warnings))
    options.onLog?.(line.startsWith(name) ? line : `${name}: ${line}`, "warning");
  if (labels.length > 0)
    options.onLog?.(
      `${name}: ${labels.length} label images of fields are left out; image (--image ${labels[0]}) takes one`,
      "warning",
    );
  const work = { collection, plate, to, options };
  return options.format === "ome-zarr" ? toZarr(work) : toTiff(work);
}

/** Counts planes over all fields, of which each is thought to have as many as the first; what formats leave out is said once. */
class Teller {
  readonly #work: Work;
  readonly #said = new Set<string>();
  #done = 0;
  #total = 0;

  constructor(work: Work) {
    this.#work = work;
  }

  get done(): number {
    return this.#done;
  }

  /** A field as it is written, with the options of a walk over it. */
  open(source: ImageSource) {
    const { options, plate, to } = this.#work;
    const { source: view, clipped } = convertedView(source, options);
    for (const line of [...source.warnings, ...leftOut(view, to, options.format)]) this.#say(line);
    const planes = countPlanes(view);
    this.#total ||= planes * plate.fields.length;
    const before = this.#done;
    const onProgress = ({ done }: { readonly done: number }) =>
      options.onProgress?.({ done: before + done, total: Math.max(this.#total, before + done) });
    const end = () => {
      this.#done += planes;
      if (clipped() > 0)
        this.#say(`${source.name}: ${clipped()} pixels lay outside the range and are held at its ends`);
    };
    return { view, walk: { onProgress, signal: options.signal }, end };
  }

  #say(line: string): void {
    if (this.#said.has(line)) return;
    this.#said.add(line);
    this.#work.options.onLog?.(line, "warning");
  }
}

async function toZarr(work: Work): Promise<number> {
  const { collection, plate, to, options } = work;
  const { rows, columns, fields, name } = plate;
  const { compression = "none", zarr = {} } = options;
  const teller = new Teller(work);
  const ids = [...new Set(fields.flatMap(({ acquisition }) => acquisition ?? []))].sort((a, b) => a - b);
  const acquisitions = ids.map((id) => ({ id }));
  const named = name === undefined ? {} : { name };
  await writeFolder(to, async (directory) => {
    const layout = { directory, rows, columns, acquisitions, ...named };
    await using made = await createOmeZarrPlate({
      ...layout,
      ...(zarr.version && { version: zarr.version }),
    });
    for (const field of fields) {
      await using source = await collection.open(field.image);
      const { view, walk, end } = teller.open(source);
      const { name: _, ...image } = imageOptions(view, { compression, zarr, name: "" });
      await using writer = await made.createField({
        ...image,
        ...{ row: rows[field.rowIndex], column: columns[field.columnIndex] },
        ...(field.acquisition !== undefined && { acquisition: field.acquisition }),
      });
      await fill(writer, view, walk);
      end();
    }
  });
  return teller.done;
}

async function toTiff(work: Work): Promise<number> {
  const { collection, plate, to, options } = work;
  const { fields } = plate;
  const teller = new Teller(work);
  const views = await viewsOf(work);
  const [first] = views;
  requireAlike(views, fields, collection.name);
  const { name = titleOf(to) } = plate;
  const { overwrite = false } = options;
  await using writer = await createOmeTiff({
    path: to,
    overwrite,
    name,
    axes: [{ name: "field", kind: "other" }, ...first.axes],
    shape: [fields.length, ...first.shape],
    scale: [1, ...first.scale],
    dtype: first.dtype,
    channels: first.channels,
    ...(first.significantBits !== undefined && { significantBits: first.significantBits }),
    seriesNames: fields.map(({ well, field }) => `${name} ${well} ${field}`),
    seriesTranslations: views.map(({ translation }) => [0, ...translation]),
    plate: { name, rows: plate.rows.length, columns: plate.columns.length, fields },
  });
  for (const line of writer.warnings) options.onLog?.(line, "warning");
  for (const [index, { image }] of fields.entries()) {
    await using source = await collection.open(image);
    const { view, walk, end } = teller.open(source);
    for await (const { region, data } of piecesOf(view, walk))
      await writer.write({ field: index, ...region }, data);
    end();
  }
  await writer.finish();
  return teller.done;
}

/** What is known of every field before one is written. */
async function viewsOf({ collection, plate, options }: Work) {
  const views = [];
  for (const { image } of plate.fields) {
    await using source = await collection.open(image);
    const { axes, levels, dtype, channels, significantBits } = convertedView(source, options).source;
    const [{ shape, scale, translation }] = levels;
    views.push({ axes, shape, scale, translation, dtype, channels, significantBits });
  }
  return views;
}

function requireAlike(
  views: Awaited<ReturnType<typeof viewsOf>>,
  fields: readonly PlateField[],
  at: string,
): void {
  const kind = ({ axes, shape, dtype }: (typeof views)[number]) =>
    `${axes.map(({ name }, i) => `${name} ${shape[i]}`).join(", ")}, ${dtype}`;
  const odd = views.findIndex((view) => kind(view) !== kind(views[0]));
  if (odd < 0) return;
  const { well, field } = fields[odd];
  throw new VitrineError({
    code: "unsupported",
    at: `${at} well ${well} field ${field}`,
    expected: `fields of one size and type (${kind(views[0])}), as one OME-TIFF has them`,
    found: kind(views[odd]),
    hint: "Write single fields (--image NAME), or OME-Zarr",
  });
}
