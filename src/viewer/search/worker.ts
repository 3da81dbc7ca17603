/** The worker of a search in the page; its threads are workers of its own, so that the page itself never waits. */
import type { ToSearch } from "./protocol.ts";
import { SearchHost } from "./searchHost.ts";

const host = new SearchHost((message, moved = []) => self.postMessage(message, { transfer: [...moved] }));
self.addEventListener("message", ({ data }: MessageEvent<ToSearch>) => void host.take(data));
