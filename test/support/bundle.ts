import { basename, join } from "node:path";

/**
 * Makes one file that plain Node runs out of an entry and the sources as they are now. Returns its path in `folder`.
 *
 * @param alias  files that take the place of others, by the names under which those are imported
 */
export async function bundleForNode(
  entry: string,
  folder: string,
  alias: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { build } = await import("vite");
  const name = `${basename(entry, ".ts")}.mjs`;
  await build({
    configFile: false,
    logLevel: "error",
    resolve: { conditions: ["source"], alias },
    ssr: { noExternal: true, resolve: { conditions: ["source"] } },
    build: {
      ssr: entry,
      outDir: folder,
      emptyOutDir: false,
      rolldownOptions: { output: { entryFileNames: name } },
    },
  });
  return join(folder, name);
}
