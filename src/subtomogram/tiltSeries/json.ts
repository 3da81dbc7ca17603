import { z } from "zod";
import { formatJson, requireKnownOptions, VitrineError } from "../../core/index.ts";
import { parseJsonText, parseWithSchema } from "../../io/index.ts";
import type { ReadTiltSeriesOptions } from "./common.ts";
import type { Tilt } from "./tilt.ts";
import { TiltSeries } from "./tiltSeries.ts";

const perTilt = z.union([z.number(), z.array(z.number())]);
const matrix = z.array(z.array(z.number()).length(4)).length(4).nullish();

/** acryo's names, and ours for what it does not keep. */
const SCHEMA = z.strictObject({
  tilt_angles: z.array(z.number()).min(1),
  tilt_axis_angle: perTilt,
  sample_translations: z.array(z.tuple([z.number(), z.number()])),
  x_tilts: perTilt.optional(),
  sample2levelled: matrix,
  levelled2tomo: matrix,
  local_shifts_2d: z.unknown().optional(),
  image_path: z.union([z.string(), z.array(z.string())]).nullish(),
  image_indices: z.array(z.int().min(0)).nullish(),
  scale: z.number().nullish(),
  ctf: z
    .strictObject({
      defocus_u: z.array(z.number()),
      defocus_v: z.array(z.number()),
      astigmatism_angle: z.array(z.number()),
      voltage: z.number(),
      spherical_aberration: z.number(),
      amplitude_contrast: z.number(),
    })
    .nullish(),
  stretch: z.array(z.tuple([z.number(), z.number(), z.number(), z.number()]).nullable()).optional(),
  pre_exposure: z.array(z.number().nullable()).optional(),
  detector_center: z.enum(["half", "middle", "floor"]).optional(),
  hand: z.union([z.literal(1), z.literal(-1)]).optional(),
  tomogram_size: z.tuple([z.number(), z.number(), z.number()]).nullish(),
});

type Stored = z.infer<typeof SCHEMA>;

/**
 * A tilt series of JSON as acryo's `dump_json` writes it, or {@link formatTiltSeries}.
 *
 * @throws {VitrineError} format, missing, range: names the value; unsupported: shifts that depend on the place
 */
export function parseTiltSeries(text: string, at: string, options: ReadTiltSeriesOptions = {}): TiltSeries {
  requireKnownOptions("parseTiltSeries", options, { scale: true, name: true, imagePath: true, onLog: true });
  const { scale } = options;
  const stored = parseWithSchema(parseJsonText(text, at), SCHEMA, at);
  if (stored.local_shifts_2d !== undefined && stored.local_shifts_2d !== null)
    throw new VitrineError({
      code: "unsupported",
      at: `${at} local_shifts_2d`,
      expected: "none: shifts that depend on the place are not read",
      found: "some",
    });
  const count = stored.tilt_angles.length;
  const tilts = stored.tilt_angles.map((_, i) => tiltOf(stored, i, at));
  const ctf = stored.ctf ?? undefined;
  const nm = scale ?? stored.scale ?? undefined;
  const toSpecimen = tomogramToSpecimen(stored, at);
  requireLength(stored.sample_translations, count, `${at} sample_translations`);
  return new TiltSeries({
    ...{ tilts, name: at, detectorCentre: stored.detector_center ?? "floor", hand: stored.hand ?? -1 },
    ...(nm !== undefined && { scale: nm }),
    ...(ctf !== undefined && {
      optics: {
        voltageKv: ctf.voltage,
        csMm: ctf.spherical_aberration,
        amplitudeContrast: ctf.amplitude_contrast,
      },
    }),
    ...(stored.tomogram_size && { tomogramSize: stored.tomogram_size }),
    ...(toSpecimen !== undefined && { tomogramToSpecimen: toSpecimen }),
  });
}

function tiltOf(stored: Stored, i: number, at: string): Tilt {
  const count = stored.tilt_angles.length;
  const one = (values: number | number[] | undefined, name: string) =>
    values === undefined
      ? 0
      : typeof values === "number"
        ? values
        : requireLength(values, count, `${at} ${name}`)[i];
  const { ctf, image_path: path, stretch, pre_exposure: exposures } = stored;
  const listed = <Value>(values: readonly Value[] | null | undefined, name: string) =>
    values === undefined || values === null ? undefined : requireLength(values, count, `${at} ${name}`)[i];
  const imagePath = typeof path === "string" ? path : listed(path, "image_path");
  const [own, dose] = [listed(stretch, "stretch"), listed(exposures, "pre_exposure")];
  return {
    tiltDeg: stored.tilt_angles[i],
    axisDeg: one(stored.tilt_axis_angle, "tilt_axis_angle"),
    xTiltDeg: one(stored.x_tilts, "x_tilts"),
    shiftNm: requireLength(stored.sample_translations, count, `${at} sample_translations`)[i],
    imageIndex: listed(stored.image_indices, "image_indices") ?? (typeof path === "string" ? i : 0),
    ...(imagePath !== undefined && { imagePath }),
    ...(own !== undefined && own !== null && { stretch: own }),
    ...(dose !== undefined && dose !== null && { preExposurePerA2: dose }),
    ...(ctf && {
      defocus: {
        uUm: requireLength(ctf.defocus_u, count, `${at} ctf.defocus_u`)[i],
        vUm: requireLength(ctf.defocus_v, count, `${at} ctf.defocus_v`)[i],
        angleDeg: requireLength(ctf.astigmatism_angle, count, `${at} ctf.astigmatism_angle`)[i],
      },
    }),
  };
}

function requireLength<Value>(values: readonly Value[], count: number, at: string): readonly Value[] {
  if (values.length === count) return values;
  throw new VitrineError({
    code: "format",
    at,
    expected: `${count} values, one a tilt`,
    found: `${values.length}`,
  });
}

/** acryo keeps both ways from the specimen to the tomogram; ours is the way back. */
function tomogramToSpecimen(
  { sample2levelled, levelled2tomo }: Stored,
  at: string,
): readonly number[] | undefined {
  const [a, b] = [levelled2tomo ?? IDENTITY, sample2levelled ?? IDENTITY];
  const m = IDENTITY.map((row, i) =>
    row.map((_, j) => [0, 1, 2, 3].reduce((sum, k) => sum + a[i][k] * b[k][j], 0)),
  );
  if (m.flat().every((value, k) => value === IDENTITY.flat()[k])) return undefined;
  return invertAffine(m, at);
}

const IDENTITY = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));

/** Sixteen numbers. */
function invertAffine(m: readonly (readonly number[])[], at: string): readonly number[] {
  const minor = (i: number, j: number) => {
    const [a, b] = [0, 1, 2].filter((k) => k !== i);
    const [c, d] = [0, 1, 2].filter((k) => k !== j);
    return (m[a][c] * m[b][d] - m[a][d] * m[b][c]) * ((i + j) % 2 === 0 ? 1 : -1);
  };
  const determinant = [0, 1, 2].reduce((sum, j) => sum + m[0][j] * minor(0, j), 0);
  if (!(Math.abs(determinant) > 1e-9))
    throw new VitrineError({
      code: "format",
      at,
      expected: "matrices that can be inverted",
      found: "others",
    });
  const inverse = [0, 1, 2].map((i) => [0, 1, 2].map((j) => minor(j, i) / determinant));
  const shift = inverse.map((row) => -[0, 1, 2].reduce((sum, k) => sum + row[k] * m[k][3], 0));
  return [...inverse.flatMap((row, i) => [...row, shift[i]]), 0, 0, 0, 1];
}

/** The tilt series as JSON that acryo's `from_json` reads too; what acryo does not know it leaves out. */
export function formatTiltSeries(series: TiltSeries): string {
  const { tilts, optics, scale, tomogramToSpecimen: inner } = series;
  const rows = inner === undefined ? IDENTITY : [0, 4, 8, 12].map((from) => inner.slice(from, from + 4));
  const toTomogram = invertAffine(rows, series.name);
  const hasImages = tilts.every(({ imagePath }) => imagePath !== undefined);
  const paths = new Set(tilts.map(({ imagePath }) => imagePath ?? ""));
  const defocus = (pick: (value: NonNullable<Tilt["defocus"]>) => number) =>
    tilts.map((tilt) => (tilt.defocus === undefined ? 0 : pick(tilt.defocus)));
  return formatJson({
    tilt_angles: tilts.map(({ tiltDeg }) => tiltDeg),
    tilt_axis_angle: tilts.map(({ axisDeg }) => axisDeg),
    sample_translations: tilts.map(({ shiftNm }) => [...shiftNm]),
    x_tilts: tilts.map(({ xTiltDeg }) => xTiltDeg),
    sample2levelled: IDENTITY,
    levelled2tomo: [0, 4, 8, 12].map((from) => toTomogram.slice(from, from + 4)),
    local_shifts_2d: null,
    image_path: !hasImages
      ? null
      : paths.size === 1
        ? [...paths][0]
        : tilts.map(({ imagePath }) => imagePath ?? ""),
    image_indices: tilts.map(({ imageIndex }) => imageIndex),
    scale: scale ?? null,
    ctf:
      optics === undefined || !series.hasCtf
        ? null
        : {
            defocus_u: defocus(({ uUm }) => uUm),
            defocus_v: defocus(({ vUm }) => vUm),
            astigmatism_angle: defocus(({ angleDeg }) => angleDeg),
            voltage: optics.voltageKv,
            spherical_aberration: optics.csMm,
            amplitude_contrast: optics.amplitudeContrast,
          },
    stretch: tilts.map(({ stretch }) => (stretch === undefined ? null : [...stretch])),
    pre_exposure: tilts.map(({ preExposurePerA2 }) => preExposurePerA2 ?? null),
    detector_center: series.detectorCentre,
    hand: series.hand,
    tomogram_size: series.tomogramSize === undefined ? null : [...series.tomogramSize],
  });
}
