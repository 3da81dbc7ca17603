/** The server of an address, without user and password. */
export function serverOf(url: string): string {
  try {
    const { host, pathname } = new URL(url);
    return `postgresql://${host}${pathname}`;
  } catch {
    return "DATABASE_URL";
  }
}
