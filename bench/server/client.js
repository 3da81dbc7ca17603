// Asks a server of this machine again and again, on some connections at once: less work than any server's own.
import { connect } from "node:net";

/**
 * Answers in `seconds`; each connection asks for the next path when it has its answer.
 *
 * @returns  answers and bytes of bodies a second
 */
export async function ask({ port, paths, connections = 16, seconds }) {
  const end = performance.now() + 1000 * seconds;
  const start = performance.now();
  let [answers, bytes, next] = [0, 0, 0];
  const one = () =>
    new Promise((resolve, reject) => {
      const socket = connect(port, "127.0.0.1");
      let held = Buffer.alloc(0);
      const send = () => {
        const path = paths[next++ % paths.length];
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`);
      };
      socket.on("connect", send);
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
        const head = held.indexOf("\r\n\r\n");
        if (head < 0) return;
        const text = held.latin1Slice(0, head);
        if (!text.startsWith("HTTP/1.1 200")) return reject(new Error(text.split("\r\n")[0]));
        const length = Number(/content-length: (\d+)/i.exec(text)[1]);
        if (held.length < head + 4 + length) return;
        answers++;
        bytes += length;
        held = held.subarray(head + 4 + length);
        if (performance.now() < end) return send();
        socket.destroy();
        resolve();
      });
    });
  await Promise.all(Array.from({ length: connections }, one));
  const taken = (performance.now() - start) / 1000;
  return { perSecond: answers / taken, bytesPerSecond: bytes / taken };
}
