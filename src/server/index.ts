export type { LiveFeed } from "./live/feed.ts";
export type { Server, ServerOptions } from "./server.ts";
export { startServer } from "./server.ts";
