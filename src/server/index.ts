export type { Server, ServerOptions } from "./server.ts";
export { startServer } from "./server.ts";
