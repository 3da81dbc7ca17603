/** Which files are tables of molecules, by what they begin and end with: endings alone are those of other things as well. */
import { isMoleculesTable } from "../molecules/csv.ts";
import { isEman2 } from "./eman2.ts";

/** Beginning and end of a file, up to 64 KiB each; of a small one both are all of it. */
export interface FileEnds {
  readonly head: Uint8Array;
  readonly tail: Uint8Array;
}

/** Lines of STAR that only tables of molecules have. */
export const MOLECULE_STAR =
  /^\s*(?:data_stopgap_motivelist|_rlnCenteredCoordinateZAngst|_rlnCoordinateZ)\b/m;

/** Numbers of a line of Dynamo's table at least. */
const DYNAMO_COLUMNS = 26;

/** Rows of a motive list of TOM and AV3. */
const MOTIVE_ROWS = 20;

const BY_ENDING: Readonly<Record<string, (ends: FileEnds) => boolean>> = {
  csv: ({ head }) => isMoleculesTable(firstLine(textOf(head))),
  // names of columns stand at the end, in UTF-8
  pq: isParquet,
  parquet: isParquet,
  star: ({ head }) => MOLECULE_STAR.test(textOf(head)),
  tbl: ({ head }) => isNumbers(firstLine(textOf(head))),
  em: ({ head }) => isMotiveList(head),
  json: ({ head }) => {
    const text = textOf(head);
    return isEman2(text) || (/"points"\s*:/.test(text) && /"pickable_object_name"\s*:/.test(text));
  },
  mod: ({ head }) => textOf(head.subarray(0, 8)).startsWith("IMODV1"),
};

/** Whether a file is a table of molecules that `readMolecules` reads. */
export function isMoleculesContent(name: string, ends: FileEnds): boolean {
  const ending = /\.(\w+)$/.exec(name)?.[1].toLowerCase() ?? "";
  return Object.hasOwn(BY_ENDING, ending) && BY_ENDING[ending](ends);
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function firstLine(text: string): string {
  return text.split(/\r?\n/, 1)[0];
}

function isParquet({ head, tail }: FileEnds): boolean {
  return (
    textOf(head.subarray(0, 4)) === "PAR1" &&
    ["zvec", "yvec", "xvec"].every((name) => textOf(tail).includes(name))
  );
}

function isNumbers(line: string): boolean {
  const cells = line.trim().split(/\s+/);
  return cells.length >= DYNAMO_COLUMNS && cells.every((cell) => Number.isFinite(Number(cell)));
}

/** A volume of EM has other sides. */
function isMotiveList(head: Uint8Array): boolean {
  if (head.length < 16) return false;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const isLittle = head[0] === 6;
  return view.getUint32(4, isLittle) === MOTIVE_ROWS && view.getUint32(12, isLittle) === 1;
}
