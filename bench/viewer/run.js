// `npm run bench -- viewer [objects] [polygons] [points]`
import { runObjects } from "./objects.js";

/** Runs the part that is named; there is one. */
export async function run([part = "objects", ...args]) {
  if (part !== "objects") throw new Error(`bench viewer: expected objects, found ${part}.`);
  await runObjects(args);
}
