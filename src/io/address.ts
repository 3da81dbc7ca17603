/** Addresses of the web in the place of paths. */

/** Whether a text is an address of the web. */
export function isWebAddress(text: string): boolean {
  return /^https?:\/\//i.test(text);
}

/** Queries by the addresses of the folders that they were given with. */
const queries = new Map<string, string>();

/**
 * The address of a folder without its query, such as a signature, which every request below it gets from now on: names in it can then be
 * put behind it, and no message tells the query. The last one that was given counts.
 */
export function folderAddress(address: string): string {
  const { origin, pathname, search } = new URL(address);
  const folder = origin + pathname.replace(/\/+$/, "");
  if (search !== "") queries.set(folder, search);
  return folder;
}

/** The address that is asked for a name: with the query of the folder that it lies in. */
export function requestAddress(name: string): string {
  if (queries.size === 0 || name.includes("?")) return name;
  for (let folder = name; folder.includes("/"); folder = folder.slice(0, folder.lastIndexOf("/"))) {
    const query = queries.get(folder);
    if (query !== undefined) return name + query;
  }
  return name;
}
