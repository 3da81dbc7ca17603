/** Images at addresses of the web, as the page calls them: `@` and the address, percent-encoded. */
import { send } from "./api.ts";
import { isExport } from "./exported.ts";

/** The address of the web that a place names; undefined: the place is served. */
export function webAddressOf(at: string): string | undefined {
  if (!/^@https?%3A/i.test(at)) return undefined;
  try {
    return decodeURIComponent(at.slice(1));
  } catch {
    return undefined; // somebody wrote it by hand
  }
}

/** How a place at an address of the web is called: its last part. */
export function webNameOf(at: string): string | undefined {
  const address = webAddressOf(at);
  if (address === undefined || !URL.canParse(address)) return undefined;
  const { host, pathname } = new URL(address);
  return pathname.replace(/\/+$/, "").split("/").at(-1) || host;
}

/** A place for an address that somebody typed, its query with it. */
export function placeOfAddress(address: string): string {
  return `@${encodeURIComponent(address)}`;
}

/** Has the server open the address of a place, where it names one: it may have been started anew since. @throws {Error} with what the server says */
export async function openAddress(at: string): Promise<void> {
  const address = webAddressOf(at);
  if (address === undefined) return;
  if (isExport()) throw new Error("This copy of the page has no server that could read other addresses.");
  await send("address/open", { address });
}
