import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { entriesOf } from "./support/house.ts";
import { listed, publicNames } from "./support/publicNames.ts";
import { readTree } from "./support/tree.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const entries = entriesOf(tree);
const namesOf = (path: string) => publicNames(path, tree.files.get(path)!);

test("the package has these entries and these public names", async () => {
  const names: Record<string, string[]> = {};
  for (const { entry, path } of entries) {
    names[entry] = Object.keys(await import(entry)).sort();
    expect(namesOf(path).values, entry).toEqual(names[entry]);
  }
  await expect(listed(names)).toMatchFileSnapshot("publicNames/values.txt");
});

test("every entry has a built file and its source", () => {
  for (const [entry, target] of Object.entries(tree.package.exports ?? {})) {
    if (entry === "./package.json") continue;
    const file = `${entry}/index`.slice(1);
    expect(target).toEqual({
      source: `./src${file}.ts`,
      types: `./dist${file}.d.ts`,
      node: `./dist/node/${entry.slice(2) || "index"}.js`,
      default: `./dist${file}.js`,
    });
  }
});

test("the package's first entry names all others", () => {
  const listed = tree.files.get("src/index.ts")!.match(/`vitrine\/\w+(\/\w+)*`/g);
  const others = entries.map(({ entry }) => `\`${entry}\``).filter((entry) => entry !== "`vitrine`");
  expect(listed?.sort()).toEqual(others.sort());
});
