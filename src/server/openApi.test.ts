/** What the description says that the server answers, and what it does with anything else. */
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { isLong } from "../../test/support/long.ts";
import { makeServedCase, type ServedCase } from "../../test/support/servedCase.ts";
import type { Server } from "./index.ts";

let served: ServedCase;
let server: Server;

beforeAll(async () => {
  served = await makeServedCase();
  server = await served.serve();
});
afterAll(async () => {
  await server?.close();
  served?.remove();
});

async function ask(path: string) {
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
  return { status: response.status, body: await response.text() };
}

interface Parameter {
  readonly name: string;
  readonly required: boolean;
  readonly schema: {
    readonly type?: string;
    readonly enum?: readonly string[];
    readonly minimum?: number;
    readonly maximum?: number;
  };
}
type Paths = Record<string, { readonly get?: { readonly parameters: readonly Parameter[] } }>;
const AT = [
  "lab",
  "lab/map.mrc",
  "lab/cells.zarr",
  "lab/spots.tif",
  "lab/broken.mrc",
  "lab/inner",
  "lab/inner/digits.txt",
  "lab/none",
  "lab/../x",
];

/** Mostly what the schema says, sometimes anything. */
function randomValue({ name, schema }: Parameter) {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom("", "0", "time:0,z:1", "z:2", "channel:9", "0-40", "7-3", "Sites", "x:1"),
  );
  if (name === "at")
    return fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...AT) }, fc.string({ maxLength: 50 }));
  if (schema.enum !== undefined) return fc.oneof(fc.constantFrom(...schema.enum), text);
  if (schema.type === "integer")
    return fc.oneof(
      { weight: 6, arbitrary: fc.integer({ min: 0, max: 4 }).map(String) },
      fc.integer().map(String),
      text,
    );
  if (schema.type === "number")
    return fc.oneof(fc.double().map(String), fc.integer({ min: -10, max: 5000 }).map(String), text);
  return text;
}

test("describes every route with its parameters", async () => {
  const { openapi, paths } = JSON.parse((await ask("/api/openapi.json")).body);
  expect(openapi).toBe("3.1.0");
  await expect(`${Object.keys(paths).join("\n")}\n`).toMatchFileSnapshot("../../test/publicNames/routes.txt");
  const tile: Parameter[] = paths["/api/image/tile"].get.parameters;
  expect(tile.map(({ name, required, schema }) => [name, required, schema.type])).toEqual([
    ["at", true, "string"],
    ["image", false, "string"],
    ["level", true, "integer"],
    ["row", true, "integer"],
    ["column", true, "integer"],
    ["size", false, "integer"],
    ["places", false, "string"],
    ["as", false, "string"],
  ]);
});

test("2,000 random requests after it (10,000 where tests are long) find no failure of the server", async () => {
  const paths: Paths = JSON.parse((await ask("/api/openapi.json")).body).paths;
  const reading = Object.entries(paths).flatMap(([path, { get }]) => (get ? [{ path, get }] : []));
  const requests = fc.constantFrom(...reading).chain(({ path, get }) =>
    fc
      .record(Object.fromEntries(get.parameters.map((each) => [each.name, randomValue(each)])), {
        requiredKeys: get.parameters.filter(({ required }) => required).map(({ name }) => name),
      })
      .map((values) => `${path}?${new URLSearchParams(values as Record<string, string>)}`),
  );
  const seen = new Map<number, number>();
  const calls = fc.sample(requests, { seed: 15, numRuns: isLong ? 10_000 : 2000 });
  for (let i = 0; i < calls.length; i += 8)
    await Promise.all(
      calls.slice(i, i + 8).map(async (path) => {
        const { status, body } = await ask(path);
        seen.set(status, (seen.get(status) ?? 0) + 1);
        expect([path, status < 500, status < 500 ? "" : body]).toEqual([path, true, ""]);
      }),
    );
  expect(seen.get(200)).toBeGreaterThan(100);
  expect(seen.get(400)).toBeGreaterThan(100);
});
