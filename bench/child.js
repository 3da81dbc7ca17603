// A process that answers questions one by one: a line of JSON in, a line of JSON out.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

/** The most that is kept of what a process says beside its answers. */
const LOG_CHARACTERS = 4000;

/** Starts `command`; `ask` waits for the answer and throws with the end of the process's log when there is none. */
export function startChild(command, args, { env = process.env } = {}) {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"], env });
  let log = "";
  child.stderr.on("data", (text) => {
    log = (log + text).slice(-LOG_CHARACTERS);
  });
  child.on("error", (error) => {
    log += error.message;
  });
  child.stdin.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const closed = new Promise((resolve) => {
    child.on("close", resolve);
  });
  return {
    async ask(question) {
      child.stdin.write(`${JSON.stringify(question)}\n`);
      const { value, done } = await lines.next();
      if (!done) return JSON.parse(value);
      await closed;
      throw new Error(`${command} ended: ${log.trim().split("\n").slice(-3).join(" | ")}`);
    },
    /** Ends the process and waits for it, so that nothing runs beside the next measurement. */
    async end() {
      child.stdin.end();
      await closed;
    },
  };
}
