/** The process that serves the page of an acquisition: the acquisition's process sends it states and frames. */
import type { FromView, ToView } from "../../acquire/index.ts";
import { letHeapGrow } from "../../core/index.node.ts";
import { startServer } from "../server.ts";
import { ProcessFeed } from "./processFeed.ts";

letHeapGrow();

// what cannot be told any more is of no acquisition: `disconnect` ends this process
const tell = (message: FromView) => process.send?.(message, undefined, undefined, () => {});
const feed = new ProcessFeed(tell);

process.on("message", (message: ToView) => {
  if (message.kind === "serve") void serve(message);
  else feed.take(message);
});
// the acquisition's program has ended, or closed the page
process.on("disconnect", () => process.exit());

async function serve({ folder, kind: _, ...where }: Extract<ToView, { kind: "serve" }>): Promise<void> {
  try {
    const server = await startServer(folder === null ? [] : [folder], { ...where, live: feed });
    const { address, port, token } = server;
    tell({ kind: "serving", address, port, ...(token !== undefined && { token }) });
  } catch (error) {
    tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) });
  }
}
