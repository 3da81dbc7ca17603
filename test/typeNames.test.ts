import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { entriesOf } from "./support/house.ts";
import { listed, publicNames } from "./support/publicNames.ts";
import { readTree } from "./support/tree.ts";

const tree = readTree(fileURLToPath(new URL("..", import.meta.url)));
const entries = entriesOf(tree);

test("the package's entries have these public types", async () => {
  const types = Object.fromEntries(
    entries.map(({ entry, path }) => [entry, publicNames(path, tree.files.get(path)!).types]),
  );
  await expect(listed(types)).toMatchFileSnapshot("publicNames/types.txt");
});
