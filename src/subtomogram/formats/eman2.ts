import { z } from "zod";
import { formatJson, VitrineError } from "../../core/index.ts";
import { parseJsonText, parseWithSchema } from "../../io/index.ts";
import { Molecules } from "../molecules/molecules.ts";
import type { Quaternion, Zyx } from "../molecules/quaternion.ts";
import { numberOf, placeOf, voxelsOf } from "./convention.ts";
import { requirePixelSize, requireSize, type TomogramOf, type Warn } from "./tomograms.ts";

/** x, y, z, how it was picked, score, number of the class. */
const box = z.tuple([z.number(), z.number(), z.number()]).rest(z.union([z.string(), z.number()]));

const INFO = z.looseObject({
  boxes_3d: z.array(box),
  apix_unbin: z.number().nullish(),
  class_list: z.record(z.string(), z.looseObject({ name: z.string() })).nullish(),
});

/** What else reading and writing need. */
export interface Eman2Context {
  readonly tomogramOf: TomogramOf;
  readonly at: string;
  readonly onLog: Warn | undefined;
}

/** Whether a JSON text is EMAN2's of a tomogram. */
export function isEman2(text: string): boolean {
  return /"boxes_3d"\s*:/.test(text);
}

/**
 * Refuses EMAN2's alignments (particle_parms_….json): orientations of particles by the image that each is, whose places HDF5 stacks have in their headers.
 *
 * @throws {VitrineError} unsupported
 */
export function refuseEman2Alignment(text: string, at: string): void {
  const found = /"(xform\.(?:align3d|projection))"\s*:/.exec(text)?.[1];
  if (found === undefined) return;
  throw new VitrineError({
    code: "unsupported",
    at,
    expected: "places of molecules, as boxes_3d of EMAN2's …_info.json has them",
    found: `EMAN2's alignment (${found}) of particles whose places are in the headers of HDF5 stacks`,
    hint: "Take the tomogram's …_info.json, without orientations, or RELION's particles of the same alignment",
  });
}

/**
 * Molecules of EMAN2's file about a tomogram (info/…_info.json): voxels without binning from the voxel n / 2 without its half, where it has
 * `apix_unbin`; voxels of the tomogram from its first in older files. It has no orientations. Features are `score`, `class` and `object`, its name.
 *
 * @throws {VitrineError} format: another JSON; missing: a pixel size or the tomogram's size
 * Source: EMAN2 (e2spt_extract.py).
 */
export function moleculesFromEman2(text: string, { tomogramOf, at, onLog }: Eman2Context): Molecules {
  const info = parseWithSchema(parseJsonText(text, at), INFO, at);
  const tomogram = tomogramOf("");
  const unbinned = info.apix_unbin ?? undefined;
  const pixel = requirePixelSize(
    {
      ...tomogram,
      ...(unbinned !== undefined && tomogram.pixelSizeA === undefined && { pixelSizeA: unbinned }),
    },
    at,
  );
  const centre =
    unbinned === undefined ? [0, 0, 0] : requireSize(tomogram, pixel, at).map((n) => Math.floor(n / 2));
  const places = info.boxes_3d.map(
    ([x, y, zz]): Zyx => placeOf([x + centre[0], y + centre[1], zz + centre[2]], pixel),
  );
  const numbers = (k: number) =>
    info.boxes_3d.map((one) => (typeof one[k] === "number" ? Number(one[k]) : null));
  const classes = numbers(5);
  if (places.length > 0)
    onLog?.(`${at}: EMAN2's boxes have no orientations: no molecule is turned`, "warning");
  return new Molecules(
    places,
    places.map((): Quaternion => [0, 0, 0, 1]),
    {
      score: numbers(4),
      class: classes,
      object: classes.map((one) => info.class_list?.[`${one}`]?.name ?? null),
    },
  );
}

/** EMAN2's file about one tomogram. It has no orientations, which `onLog` is told. @throws {VitrineError} missing: a pixel size or the tomogram's size */
export function eman2FromMolecules(molecules: Molecules, { tomogramOf, at, onLog }: Eman2Context): string {
  const { features, count } = molecules;
  const tomogram = tomogramOf(String(features.tomogram?.[0] ?? ""));
  const pixel = requirePixelSize(tomogram, at);
  const centre = requireSize(tomogram, pixel, at).map((n) => Math.floor(n / 2));
  if (molecules.rotator.some(([, , , w]) => Math.abs(w) < 1 - 1e-9))
    onLog?.(`${at}: left out orientations: EMAN2's boxes have none`, "warning");
  const number = (name: string, i: number) => numberOf(features[name]?.[i], 0);
  // Objects without numbers are counted: classes of boxes tell them apart.
  const objects = [...new Set(features.object?.map(String) ?? [])];
  const classOf = (i: number) =>
    features.class === undefined && objects.length > 0
      ? objects.indexOf(String(features.object[i]))
      : number("class", i);
  const boxes = Array.from({ length: count }, (_, i) => {
    const [x, y, zz] = voxelsOf(molecules.place(i), pixel).map((voxel, axis) =>
      Number((voxel - centre[axis]).toFixed(4)),
    );
    return [x, y, zz, "manual", number("score", i), classOf(i)];
  });
  const names = Object.fromEntries(
    boxes.map(([, , , , , kind], i) => [
      `${kind}`,
      { boxsize: 32, name: String(features.object?.[i] ?? `particles_${kind}`) },
    ]),
  );
  return formatJson({ apix_unbin: pixel, boxes_3d: boxes, class_list: names });
}
