import type { Log } from "../../program/index.ts";
import type { Tilt } from "./tilt.ts";
import type { TiltSeries } from "./tiltSeries.ts";

/** Where values lie in practice; in another unit they lie outside. */
const USUAL = { underfocusUm: [0.1, 20], scaleNm: [0.02, 5], voltageKv: [60, 1250], csMm: [0, 10] } as const;
/** Fewer angles may lie so near to each other by themselves. */
const FEW_TILTS = 5;

/** Says once of each kind what a tilt series has that no microscope does, that counts twice, or that is not used. Nothing of it is changed. */
export function warnOfTiltSeries(series: TiltSeries, onLog: Log | undefined): void {
  if (onLog === undefined) return;
  for (const message of [...oddAngles(series), ...oddDefocus(series), ...oddValues(series), ...twice(series)])
    onLog(`${series.name}: ${message}`, "warning");
}

function* oddAngles({ tilts }: TiltSeries): Generator<string> {
  const beyond = tilts.findIndex(({ tiltDeg }) => Math.abs(tiltDeg) > 90);
  if (beyond >= 0)
    yield `tilt ${beyond} of ${tilts[beyond].tiltDeg}° is beyond 90°: is the column right? It is used as it is`;
  const angles = tilts.map(({ tiltDeg }) => tiltDeg);
  const [low, high] = [Math.min(...angles), Math.max(...angles)];
  if (tilts.length >= FEW_TILTS && high > low && high <= Math.PI / 2 && low >= -Math.PI / 2)
    yield `all ${tilts.length} tilts lie from ${low} to ${high}°: are they in radians? They are used as degrees`;
  const turned = tilts.findIndex(({ axisDeg }) => Math.abs(axisDeg) > 360);
  if (turned >= 0)
    yield `the axis of tilt ${turned}, ${tilts[turned].axisDeg}°, is beyond a turn: is the column right? It is used as it is`;
}

function* oddDefocus({ tilts, optics }: TiltSeries): Generator<string> {
  const known = tilts.filter(({ defocus }) => defocus !== undefined).length;
  if (known > 0 && optics === undefined)
    yield "the CTF is not corrected: tilts have a defocus, but nothing says voltage, spherical aberration and amplitude contrast (RELION: name the series by its tomograms.star)";
  else if (known < tilts.length && (known > 0 || optics !== undefined))
    yield `the CTF is not corrected: ${tilts.length - known} of ${tilts.length} tilts have no defocus`;
  const under = ({ defocus }: Tilt) => (defocus === undefined ? undefined : -(defocus.uUm + defocus.vUm) / 2);
  const [least, most] = USUAL.underfocusUm;
  const odd = tilts.findIndex((tilt) => {
    const um = under(tilt);
    return um !== undefined && !(um >= least && um <= most);
  });
  if (odd >= 0)
    yield `tilt ${odd} is ${under(tilts[odd])} µm under focus, not ${least} to ${most}: are sign and unit right (RELION: Å, IMOD: nm, both positive under focus; acryo's JSON: µm, negative)? It is used as it is`;
}

function* oddValues({ scale, optics }: TiltSeries): Generator<string> {
  const isOdd = (value: number | undefined, [from, to]: readonly [number, number]) =>
    value !== undefined && !(value >= from && value <= to);
  if (isOdd(scale, USUAL.scaleNm))
    yield `a pixel of ${scale} nm is not ${USUAL.scaleNm.join(" to ")} nm: is the unit right (1.35 Å are 0.135 nm)? See --image-scale (scale). It is used as it is`;
  if (isOdd(optics?.voltageKv, USUAL.voltageKv))
    yield `a voltage of ${optics?.voltageKv} kV is not ${USUAL.voltageKv.join(" to ")} kV: is the unit right? It is used as it is`;
  if (isOdd(optics?.csMm, USUAL.csMm))
    yield `a spherical aberration of ${optics?.csMm} mm is not ${USUAL.csMm.join(" to ")} mm: is the unit right? It is used as it is`;
}

function* twice({ tilts }: TiltSeries): Generator<string> {
  const seen = new Set<string>();
  const again = tilts.filter(({ imagePath, imageIndex }) => {
    const key = `${imageIndex}@${imagePath}`;
    return seen.size === seen.add(key).size;
  });
  if (again.length > 0)
    yield `image ${again[0].imageIndex} counts twice${again.length > 1 ? `, and ${again.length - 1} others` : ""}: two tilts name it`;
}
