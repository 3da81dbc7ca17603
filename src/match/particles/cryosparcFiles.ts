import { listFolder, type NpyRecords, readNpyRecords } from "../../io/index.ts";
import type { Log } from "../../program/index.ts";

/** What a job leaves to its passthrough file where it did not change it: one of each group. */
const PASSED = [["location/micrograph_path", "micrograph_blob/path"], ["ctf/df1_A"]];

/**
 * The particles or exposures of a `.cs` file, with what the job's passthrough file beside it has of the same ones, where the file itself says
 * nothing of places or CTF.
 *
 * @throws {VitrineError} as `readNpyRecords`
 */
export async function readCryosparc(path: string, onLog?: Log): Promise<NpyRecords> {
  const own = await readNpyRecords(path);
  if (!own.has("uid") || PASSED.every((fields) => fields.some((field) => own.has(field)))) return own;
  for (const beside of await passthroughs(path)) {
    const other = await readNpyRecords(beside);
    const joined = other.has("uid") ? joinRecords(own, other) : undefined;
    if (joined === undefined) continue;
    onLog?.(`${path}: places and what else it lacks come from ${beside}`, "note");
    return joined;
  }
  return own;
}

/**
 * `J12_passthrough_particles.cs` and its likes, beside `J12_003_particles.cs`, `cryosparc_P3_J12_003_particles.cs` as it is downloaded, or
 * `extracted_particles.cs`, whose job its folder alone tells. Records are joined only where they are of the same particles.
 */
async function passthroughs(path: string): Promise<string[]> {
  const [, folder = "", name = ""] = /^(.*[/\\])?([^/\\]*)$/s.exec(path) ?? [];
  if (name.includes("passthrough")) return [];
  const job = jobOf(name);
  const names = await listFolder(folder === "" ? "." : folder);
  return names
    .filter((one) => /passthrough.*\.cs$/.test(one))
    .filter((one) => job === undefined || (jobOf(one) ?? job) === job)
    .sort()
    .map((one) => `${folder}${one}`);
}

function jobOf(name: string): string | undefined {
  return /(?:^|_)(J\d+)_/.exec(name)?.[1];
}

/** Records with the fields of others that have the same `uid`; undefined where one of them is not among the others. */
function joinRecords(own: NpyRecords, other: NpyRecords): NpyRecords | undefined {
  const rows = new Map<string, number>();
  for (let row = 0; row < other.rows; row++) rows.set(other.text(row, "uid"), row);
  const places: number[] = [];
  for (let row = 0; row < own.rows; row++) {
    const place = rows.get(own.text(row, "uid"));
    if (place === undefined) return undefined;
    places.push(place);
  }
  const of = (field: string) => (own.has(field) || !other.has(field) ? own : other);
  const rowIn = (records: NpyRecords, row: number) => (records === own ? row : places[row]);
  return {
    name: own.name,
    rows: own.rows,
    fields: [...new Set([...own.fields, ...other.fields])],
    has: (field) => own.has(field) || other.has(field),
    count: (field) => of(field).count(field),
    type: (field) => of(field).type(field),
    text: (row, field) => of(field).text(rowIn(of(field), row), field),
    number: (row, field, index) => of(field).number(rowIn(of(field), row), field, index),
  };
}
