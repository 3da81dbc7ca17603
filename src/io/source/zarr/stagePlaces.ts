import { readFileBytes } from "#files";
import type { OmePlace, OmeQuantity } from "../../tiff/ome/model.ts";
import { parseOmeXml } from "../../tiff/ome/parse.ts";
import type { StagePlaces } from "../source.ts";
import { ifThere } from "./store.ts";

/** Where bioformats2raw puts the OME-XML of what it read. */
const METADATA = "OME/METADATA.ome.xml";

/**
 * Where the stage was for the fields of a plate, by their paths (`A/1/0`), as the OME-XML within the store tells: bioformats2raw writes no
 * `translation`.
 *
 * @throws {VitrineError} format: a file that is no OME-XML; storage
 */
export async function readStagePlaces(folder: string): Promise<StagePlaces> {
  const path = `${folder}/${METADATA}`;
  const bytes = await ifThere(() => readFileBytes(path));
  if (bytes === undefined) return new Map();
  const { images, plates } = parseOmeXml(new TextDecoder().decode(bytes), path);
  const [plate] = plates;
  const byId = new Map(images.map((image) => [image.id, image]));
  const found = (plate?.fields ?? []).flatMap(({ row, column, field, image, stage }) => {
    const places = byId.get(image)?.places ?? [];
    const [y, x] = [firstOf(places, "positionY") ?? stage?.y, firstOf(places, "positionX") ?? stage?.x];
    if (y === undefined || x === undefined) return [];
    return [[`${plate.rows[row]}/${plate.columns[column]}/${field}`, { y, x }] as const];
  });
  return new Map(found);
}

function firstOf(places: readonly OmePlace[], key: "positionX" | "positionY"): OmeQuantity | undefined {
  return places.find((place) => place[key] !== undefined)?.[key];
}
