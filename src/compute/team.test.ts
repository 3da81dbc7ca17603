import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "vitest";
import { controlBytes } from "./control.ts";

const built = createRequire(import.meta.url).resolve("#worker-entry");
const buildUrl = (file: string) => new URL(`../compute/${file}`, pathToFileURL(built)).href;

/** One member: takes units for its team, and within each unit adds to every cell of a row, with ranges and barriers. */
const MEMBER = `
import { parentPort, workerData } from "node:worker_threads";
const { Team } = await import(workerData.team);
const { control, rows, width, member, units } = workerData;
const team = new Team(control, member);
const taken = [];
let disorder = 0;
for (;;) {
  const unit = team.claim(5);
  if (unit >= units) break;
  taken.push(unit);
  const row = rows.subarray(unit * width, (unit + 1) * width);
  team.parallel(width, 3, (begin, end) => { for (let i = begin; i < end; i++) Atomics.add(row, i, 1); });
  for (const value of row) if (value !== 1) disorder++;
  team.barrier();
  team.parallel(width, 5, (begin, end) => { for (let i = begin; i < end; i++) Atomics.add(row, i, 1); });
}
parentPort.postMessage({ team: member.team, taken, disorder });
`;

interface Report {
  readonly team: number;
  readonly taken: readonly number[];
  readonly disorder: number;
}

/** Runs teams of the given sizes over `units` rows; gives what each member did and the rows. */
async function runTeams(sizes: readonly number[], units: number, width: number) {
  const control = new Int32Array(new SharedArrayBuffer(controlBytes(sizes.reduce((a, b) => a + b))));
  const rows = new Int32Array(new SharedArrayBuffer(4 * units * width));
  const members = sizes.flatMap((size, team) =>
    Array.from({ length: size }, (_, rank) => ({ team, teams: sizes.length, rank, size })),
  );
  const shared = { team: buildUrl("./team.js"), control, rows, units, width };
  const script = new URL(`data:text/javascript,${encodeURIComponent(MEMBER)}`);
  const reports = members.map(
    (member) =>
      new Promise<Report>((resolve, reject) => {
        const worker = new Worker(script, { workerData: { ...shared, member }, execArgv: [] });
        worker.once("message", resolve);
        worker.once("error", reject);
      }),
  );
  return { reports: await Promise.all(reports), rows };
}

test.each([[[1]], [[2]], [[3]], [[1, 1]], [[2, 1]], [[2, 2, 1]]])(
  "teams of %j: members agree on units, every unit goes to one team, every cell is visited once a phase",
  async (sizes) => {
    const units = 300;
    const { reports, rows } = await runTeams(sizes, units, 17);
    const byTeam = sizes.map((_, team) => reports.filter((report) => report.team === team));
    for (const members of byTeam)
      for (const member of members) expect(member.taken).toEqual(members[0]!.taken);
    const all = byTeam.flatMap((members) => members[0]!.taken).sort((a, b) => a - b);
    expect(all).toEqual(Array.from({ length: units }, (_, unit) => unit));
    expect(reports.map((report) => report.disorder)).toEqual(reports.map(() => 0));
    expect(rows.every((value) => value === 2)).toBe(true);
  },
);
