import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";

test("this version of Node knows how a heap is let grow: it says nothing", () => {
  const module = new URL("./heap.node.ts", import.meta.url).href
    .replace("/src/", "/dist/")
    .replace(/ts$/, "js");
  const program = `(await import(${JSON.stringify(module)})).letHeapGrow(); console.log("done");`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    encoding: "utf8",
  });
  expect([stdout, stderr]).toEqual(["done\n", ""]);
});
