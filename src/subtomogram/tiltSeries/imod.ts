import { VitrineError } from "../../core/index.ts";
import { fileExists, listFolder, readText } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";
import { columnsOf, folderOf, imageScale, inFolder, type ReadTiltSeriesOptions, stemOf } from "./common.ts";
import { imodDefocus, parseImodDefocus } from "./imodDefocus.ts";
import { readMdoc } from "./mdoc.ts";
import type { Tilt } from "./tilt.ts";
import { type TiltOptics, TiltSeries } from "./tiltSeries.ts";

/** Options of IMOD's command file, in capitals, with the words behind them. */
export type ImodCommand = ReadonlyMap<string, readonly string[]>;

/** Reads a command file; a file that is not there has no options. */
export async function readImodCommand(path: string): Promise<ImodCommand> {
  if (!(await fileExists(path))) return new Map();
  const lines = (await readText(path)).split(/\r?\n/).map((line) => line.trim().split(/[\s,]+/));
  const options = new Map<string, readonly string[]>();
  for (const [name, ...words] of lines)
    if (name !== "" && !/^[#$]/.test(name)) {
      const key = name.toUpperCase();
      options.set(key, [...(key.startsWith("EXCLUDELIST") ? (options.get(key) ?? []) : []), ...words]);
    }
  return options;
}

/**
 * A tilt series that IMOD has aligned, from the folder of its files: `.tlt` (else `.rawtlt`), `.xf`, `.xtilt`, `tilt.com`, `newst.com`, and of
 * the CTF `.defocus` with `ctfcorrection.com` or `ctfplotter.com`; doses come from an `.mdoc`. Views that tilt.com excludes are left out.
 *
 * @param path  the folder, or its .edf or .xf where it has several
 * @throws {VitrineError} missing: a file; format: one of another length, or a transform that mirrors; undeterminable: several series
 */
export async function readImodTiltSeries(
  path: string,
  options: ReadTiltSeriesOptions = {},
): Promise<TiltSeries> {
  const { folder, stem } = await datasetOf(path);
  const tiltCom = await readImodCommand(inFolder(folder, "tilt.com"));
  warnOfTiltCom(tiltCom, folder, options.onLog);
  const angles = await anglesOf({ folder, stem }, options.onLog);
  const transforms = await columnsOf(inFolder(folder, `${stem}.xf`), 6);
  requireSameLength(`${stem}.xf`, transforms.length, angles.length);
  const xTilts = await xTiltsOf({ folder, stem, tiltCom, onLog: options.onLog }, angles.length);
  const imagePath = await stackOf({ folder, stem });
  const scale = await imageScale(imagePath, options.scale);
  const excluded = new Set(viewList(tiltCom, inFolder(folder, "tilt.com"), angles.length));
  const doses = await dosesOf(imagePath, angles.length, options.onLog);
  const views = angles.map((tiltDeg, i): Tilt => {
    const dose = doses[i];
    return {
      ...alignmentOf(transforms[i], `${stem}.xf line ${i + 1}`, scale),
      tiltDeg,
      xTiltDeg: xTilts[i],
      imagePath,
      imageIndex: i,
      ...(dose !== undefined && { preExposurePerA2: dose }),
    };
  });
  const kept = views.filter((_, i) => !excluded.has(i + 1));
  const { tilts, optics } = await withDefocus(kept, { folder, stem, onLog: options.onLog });
  return new TiltSeries({
    ...{ tilts, detectorCentre: "middle", name: stem },
    scale,
    ...(optics !== undefined && { optics }),
    ...(hasInvertedTilts(await ctfCommand(folder)) && { hand: 1 as const }),
  });
}

/** Options of ctfphaseflip, where it has none those of ctfplotter. */
async function ctfCommand(folder: string): Promise<ImodCommand> {
  const [plotter, correction] = await Promise.all(
    ["ctfplotter.com", "ctfcorrection.com"].map((name) => readImodCommand(inFolder(folder, name))),
  );
  return new Map([...plotter, ...correction]);
}

function hasInvertedTilts(command: ImodCommand): boolean {
  const words = command.get("INVERTTILTANGLES");
  return words !== undefined && words[0] !== "0";
}

interface Dataset {
  readonly folder: string;
  readonly stem: string;
}

interface Told extends Dataset {
  readonly onLog: Log | undefined;
}

async function datasetOf(path: string): Promise<Dataset> {
  if (/\.(xf|edf|tlt)$/i.test(path)) return { folder: folderOf(path), stem: stemOf(path) };
  const names = await listFolder(path);
  const ofEnding = (ending: RegExp) => names.filter((name) => ending.test(name)).map(stemOf);
  const stems = ofEnding(/\.edf$/i).length > 0 ? ofEnding(/\.edf$/i) : ofEnding(/\.xf$/i);
  const aligned = stems.filter((stem) => names.includes(`${stem}.xf`));
  // Beside them lie transforms of fiducials and of patches, which have no angles of their own.
  const withAngles = aligned.filter((stem) =>
    [".tlt", ".rawtlt"].some((ending) => names.includes(stem + ending)),
  );
  if (withAngles.length === 1) return { folder: path, stem: withAngles[0] };
  throw new VitrineError({
    code: withAngles.length === 0 ? "missing" : "undeterminable",
    at: path,
    expected: "one .xf with a .tlt of the same name",
    found: withAngles.join(", ") || "none",
    hint: "Name the .xf itself",
  });
}

async function anglesOf({ folder, stem }: Dataset, onLog: Log | undefined): Promise<readonly number[]> {
  const [refined, nominal] = [".tlt", ".rawtlt"].map((ending) => inFolder(folder, stem + ending));
  const isRefined = await fileExists(refined);
  if (!isRefined)
    onLog?.(`${refined} is not there: the angles of ${nominal} are as they were set`, "warning");
  return (await columnsOf(isRefined ? refined : nominal, 1)).map(([angle]) => angle);
}

async function xTiltsOf(
  { folder, stem, tiltCom, onLog }: Told & { readonly tiltCom: ImodCommand },
  count: number,
): Promise<readonly number[]> {
  // tilt turns the other way about x.
  const all = -Number(tiltCom.get("XAXISTILT")?.[0] ?? 0);
  const named = tiltCom.get("XTILTFILE")?.[0];
  const file = inFolder(folder, named ?? `${stem}.xtilt`);
  if (!(await fileExists(file))) {
    if (named !== undefined)
      onLog?.(`${file}, which tilt.com names, is not there: tilts about x are ${all}° each`, "warning");
    return new Array<number>(count).fill(all);
  }
  const own = await columnsOf(file, 1);
  requireSameLength(file, own.length, count);
  return own.map(([angle]) => all + angle);
}

async function stackOf({ folder, stem }: Dataset): Promise<string> {
  const named = (await readImodCommand(inFolder(folder, "newst.com"))).get("INPUTFILE")?.[0];
  const names = [
    ...(named === undefined ? [] : [named]),
    ...["st", "mrc", "mrcs"].map((end) => `${stem}.${end}`),
  ];
  for (const name of names) if (await fileExists(inFolder(folder, name))) return inFolder(folder, name);
  return inFolder(folder, names[0]);
}

async function dosesOf(
  imagePath: string,
  count: number,
  onLog: Log | undefined,
): Promise<readonly (number | undefined)[]> {
  const path = `${imagePath}.mdoc`;
  if (!(await fileExists(path))) return [];
  const { tilts, warnings } = await readMdoc(path);
  const doses = new Array<number | undefined>(count).fill(undefined);
  for (const { section, preExposurePerA2 } of tilts) if (section < count) doses[section] = preExposurePerA2;
  const without = count - new Set(tilts.map(({ section }) => section).filter((one) => one < count)).size;
  const beyond = tilts.filter(({ section }) => section >= count).length;
  for (const message of warnings) onLog?.(message, "warning");
  if (without > 0)
    onLog?.(
      `${path}: ${without} of ${count} images have no section, so that their dose is not known`,
      "warning",
    );
  if (beyond > 0)
    onLog?.(`${path}: ${beyond} sections are beyond the ${count} images that are aligned`, "warning");
  return tilts.every(({ dosePerA2 }) => dosePerA2 === 0) ? [] : doses;
}

/** Views that lists as `1,3-5` exclude, over all options of the name: EXCLUDELIST, EXCLUDELIST2. @throws {VitrineError} format: what are no views */
function viewList(command: ImodCommand, at: string, count: number): readonly number[] {
  const words = [...command].filter(([key]) => key.startsWith("EXCLUDELIST")).flatMap(([, value]) => value);
  return words
    .filter((word) => word !== "")
    .flatMap((word) => {
      const match = /^(\d+)(?:-(\d+))?$/.exec(word);
      const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
      if (!(first >= 1 && last >= first && last <= count))
        throw new VitrineError({
          code: "format",
          at: `${at} EXCLUDELIST`,
          expected: `views from 1 to ${count}, as 1,3-5`,
          found: JSON.stringify(word),
        });
      return Array.from({ length: last - first + 1 }, (_, i) => first + i);
    });
}

/** The inverse of ali = A (raw - c) + d + c': the rotation nearest to it, what is left of it, and where the centre is seen. */
export function alignmentOf(
  [a11, a12, a21, a22, dx, dy]: readonly number[],
  at: string,
  scale: number,
): Pick<Tilt, "axisDeg" | "shiftNm" | "stretch"> {
  const determinant = a11 * a22 - a12 * a21;
  if (!(determinant > 0))
    throw new VitrineError({
      code: "format",
      at,
      expected: "a transform that turns and stretches",
      found: `one with the determinant ${determinant}`,
    });
  const [xx, xy, yx, yy] = [a22, -a12, -a21, a11].map((value) => value / determinant);
  const angle = Math.atan2(yx - xy, xx + yy);
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  const stretch = [yx * s + yy * c, yx * c - yy * s, xx * s + xy * c, xx * c - xy * s] as const;
  const isPlain = [1, 0, 0, 1].every((value, k) => Math.abs(stretch[k] - value) < PLAIN);
  return {
    axisDeg: (angle * 180) / Math.PI,
    shiftNm: [-(yx * dx + yy * dy) * scale, -(xx * dx + xy * dy) * scale],
    ...(!isPlain && { stretch }),
  };
}

/** Files have seven decimals. */
const PLAIN = 2e-6;

function warnOfTiltCom(command: ImodCommand, folder: string, onLog: Log | undefined): void {
  const ignored = ["LOCALFILE", "ZFACTORFILE"].filter((name) => command.has(name));
  const moved = ["SHIFT", "OFFSET"].filter((name) => command.get(name)?.some((word) => Number(word) !== 0));
  for (const name of [...ignored, ...moved])
    onLog?.(`${inFolder(folder, "tilt.com")}: ${name} is not taken into account`, "warning");
}

async function withDefocus(
  tilts: readonly Tilt[],
  { folder, stem, onLog }: Told,
): Promise<{ readonly tilts: readonly Tilt[]; readonly optics?: TiltOptics }> {
  const plotter = await readImodCommand(inFolder(folder, "ctfplotter.com"));
  const command = await ctfCommand(folder);
  const file = inFolder(folder, command.get("DEFOCUSFILE")?.[0] ?? `${stem}.defocus`);
  if (!(await fileExists(file))) return { tilts };
  const [voltageKv, csMm, amplitudeContrast] = ["VOLTAGE", "SPHERICALABERRATION", "AMPLITUDECONTRAST"].map(
    (name) => Number(command.get(name)?.[0] ?? Number.NaN),
  );
  if (![voltageKv, csMm, amplitudeContrast].every(Number.isFinite)) {
    onLog?.(
      `${file} is left out: no ctfcorrection.com or ctfplotter.com says voltage, Cs and contrast`,
      "warning",
    );
    return { tilts };
  }
  const rows = parseImodDefocus(await readText(file), file);
  if (rows.some(({ phaseDeg }) => phaseDeg !== 0))
    onLog?.(`${file}: phase shifts are not taken into account`, "warning");
  const [begin, end] = [
    Math.min(...rows.map(({ first }) => first)),
    Math.max(...rows.map(({ last }) => last)),
  ];
  const beyond = tilts.filter(({ imageIndex }) => imageIndex + 1 < begin || imageIndex + 1 > end).length;
  if (beyond > 0)
    onLog?.(
      `${file} is of the views ${begin} to ${end}: ${beyond} others get the defocus of the nearest`,
      "warning",
    );
  const isAligned = /\.ali$/i.test(plotter.get("INPUTSTACK")?.[0] ?? "");
  const found = tilts.map((tilt): Tilt => {
    const { uNm, vNm, angleDeg } = imodDefocus(rows, tilt.imageIndex + 1);
    // Of an aligned stack, whose tilt axis is upright, the angle is counted from the axis.
    const angle = isAligned ? angleDeg + tilt.axisDeg : angleDeg;
    return { ...tilt, defocus: { uUm: -uNm / 1000, vUm: -vNm / 1000, angleDeg: angle } };
  });
  return { tilts: found, optics: { voltageKv, csMm, amplitudeContrast } };
}

function requireSameLength(at: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new VitrineError({ code: "format", at, expected: `${expected} views`, found: `${found}` });
}
