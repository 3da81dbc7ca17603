/**
 * Loaded before a program (`node --import`, see `dyingAt` in command.ts): its process kills itself without warning as soon as a file whose path
 * ends so has been put in its place so many times. Whoever watches from outside may come too late.
 */
import files from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

const { searchParams } = new URL(import.meta.url);
const ending = searchParams.get("ending");
let left = Number(searchParams.get("times"));
for (const how of ["link", "rename"]) {
  const place = files[how];
  files[how] = async (from, to) => {
    await place(from, to);
    if (String(to).endsWith(ending) && --left === 0) process.kill(process.pid, "SIGKILL");
  };
}
syncBuiltinESMExports();
