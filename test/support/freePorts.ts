import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below those that systems give to connections, one of which might take a port before its server does. */
const [FIRST, LAST] = [15_000, 32_000];

/** Ports of this machine on which nobody listens, for servers that cannot choose one themselves. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(FIRST, LAST);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, () => server.close(() => resolve(true)));
  });
}
