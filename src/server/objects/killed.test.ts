/** A server that is killed while annotations are drawn: what it acknowledged is in the file, which is whole. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, test } from "vitest";
import { scratchFolder } from "../../../test/support/plateCase.ts";
import { formatMrc } from "../../io/index.ts";
import { formatObjectsAt } from "./names.ts";

const VITRINE = fileURLToPath(new URL("../../../bin/vitrine.js", import.meta.url));
const scratch = scratchFolder("killed-annotations");
const lab = join(scratch.path, "lab");
const FILE = join(lab, "map.mrc.annotations.geojson");
const AT = formatObjectsAt({ of: "annotations", at: "lab/map.mrc" });
const SIDE = 64;

afterAll(() => scratch.remove());

async function startChild() {
  const child = spawn(process.execPath, [VITRINE, "serve", lab, "--json"], {
    stdio: ["ignore", "pipe", "inherit"],
    // what a killed server leaves goes with the test's folder
    env: { ...process.env, TMPDIR: scratch.path },
  });
  let said = "";
  for await (const part of child.stdout.setEncoding("utf8")) {
    said += part;
    const address = /"address":\s*"([^"]+)"/.exec(said)?.[1];
    if (address !== undefined) return { child, address };
  }
  throw new Error(`the server said ${said}`);
}

async function versionOf(address: string): Promise<string> {
  const response = await fetch(`${address}api/objects?${new URLSearchParams({ at: AT })}`);
  return ((await response.json()) as { readonly version: string }).version;
}

async function addPoint(address: string, name: string, seen: string): Promise<void> {
  const geometry = { type: "Point", coordinates: [1, 2] };
  const edit = { type: "Annotations", add: [{ name, segmentations: [{ geometry }] }] };
  const response = await fetch(`${address}api/experiment/objects/edit`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ at: AT, edit, seen }),
  });
  if (!response.ok) throw new Error(await response.text());
}

test("what was acknowledged before a kill is kept, again and again", { timeout: 180_000 }, async () => {
  mkdirSync(lab, { recursive: true });
  const data = new Float32Array(SIDE * SIDE);
  writeFileSync(join(lab, "map.mrc"), formatMrc({ data, shape: [SIDE, SIDE], voxelSizeA: 1 }));
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round++) {
    const { child, address } = await startChild();
    const gone = once(child, "exit");
    const version = await versionOf(address);
    // several at once, so that the kill comes while files are written
    const draw = async (hand: number) => {
      for (let i = 0; ; i++) {
        const name = `${round} ${hand} ${i}`;
        await addPoint(address, name, version);
        acknowledged.push(name);
        if (acknowledged.length >= 12 * (round + 1)) child.kill("SIGKILL");
      }
    };
    await Promise.allSettled([0, 1, 2].map(draw));
    await gone;
    const { features } = JSON.parse(readFileSync(FILE, "utf8")) as {
      readonly features: readonly { readonly properties: { readonly name: string } }[];
    };
    const kept = new Set(features.map(({ properties }) => properties.name));
    expect(acknowledged.filter((name) => !kept.has(name))).toEqual([]);
  }
  expect(acknowledged.length).toBeGreaterThanOrEqual(36);
});
