// What the server and its page can do: tiles a second out of archives, the page's first picture, its frames and its memory, and an acquisition that is watched.
import { measurePage } from "./page.js";
import { measureRoam } from "./roam.js";
import { measureTiles } from "./tiles.js";
import { measureWatched } from "./watched.js";

const PARTS = { tiles: measureTiles, page: measurePage, roam: measureRoam, watched: measureWatched };

/** `server [part…]`: all parts where none is named. */
export async function run(args) {
  const names = args.filter((arg) => Object.hasOwn(PARTS, arg));
  const rest = args.filter((arg) => !Object.hasOwn(PARTS, arg));
  for (const name of names.length > 0 ? names : Object.keys(PARTS)) await PARTS[name](rest);
}
