import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { SqliteAnswer } from "./sqliteProtocol.ts";
import { SqliteStatements } from "./sqliteStatements.ts";

const scratch = mkdtempSync(join(tmpdir(), "vitrine-statements-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const WRITES = [
  "begin immediate",
  "insert into cells (area) values (1)",
  "insert into cells (area) values (1) returning id",
  "update cells set area = 2",
];

// All within one turn of the event loop: what is collected meanwhile is finalised after it, so nothing is mended by chance.
test.each(WRITES)("transactions commit after another's lock refused `%s`", (sql) => {
  using holder = connect(sql);
  using other = connect(sql);
  holder.run("create table cells (id integer primary key, area real)");
  for (const each of ["begin immediate", "insert into cells (area) values (0)"]) holder.run(each);
  expect(other.run(sql)).toMatchObject({ code: "SQLITE_BUSY" });
  holder.run("commit");
  for (const area of [5, 6]) {
    expect(other.run("begin immediate")).toMatchObject({ rows: [] });
    expect(other.run("insert into cells (area) values (?)", area)).toMatchObject({ changes: 1 });
    expect(other.run("commit")).toMatchObject({ rows: [] });
  }
  expect(holder.run("select area from cells order by id")).toMatchObject({
    rows: [{ area: 0 }, { area: 5 }, { area: 6 }],
  });
});

test("a transaction that reads keeps its connection, and what it saw, though a statement in it was refused", () => {
  using holder = connect("reads");
  using other = connect("reads");
  holder.run("create table cells (id integer primary key, area real)");
  other.run("begin deferred");
  expect(other.run("select * from cells")).toMatchObject({ rows: [] });
  for (const each of ["begin immediate", "insert into cells (area) values (0)"]) holder.run(each);
  expect(other.run("update cells set area = 2")).toMatchObject({ code: "SQLITE_BUSY" });
  holder.run("commit");
  expect(other.run("select * from cells")).toMatchObject({ rows: [] });
  other.run("rollback");
  expect(other.run("select area from cells")).toMatchObject({ rows: [{ area: 0 }] });
});

/** A connection to the file of a test that hardly waits for locks. */
function connect(name: string) {
  const path = join(scratch, `${name.replace(/\W/g, "-")}.db`);
  const statements = new SqliteStatements({ path, isReadOnly: false }, 20);
  return {
    run: (sql: string, ...parameters: unknown[]): SqliteAnswer =>
      statements.answer({ kind: "run", id: 0, sql, parameters }),
    [Symbol.dispose]: () => statements.close(),
  };
}
