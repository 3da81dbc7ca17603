/** Who may ask: the names of this machine, the page's own origin, the token. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** Why a request is refused. */
export interface Refusal {
  readonly status: 401 | 403;
  readonly error: string;
}

/** What the guard knows of a server. */
export interface GuardOptions {
  /** That it listens on. */
  readonly host: string;
  /** Left out: whoever reaches it may read. */
  readonly token?: string;
}

/**
 * Name of the cookie that carries the token at an address: cookies of one host are shared by all its ports, and each of them may be a server, or a
 * tunnel to one, with a token of its own.
 */
function cookieName(host: string): string {
  const port = /:(\d+)$/.exec(host)?.[1];
  return port === undefined ? "vitrine-token" : `vitrine-token-${port}`;
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/i;

/** Whether only programs of this machine reach an address. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** A token that nobody guesses: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString("base64url");
}

/**
 * Whether a request may be answered.
 *
 * Without a token the server is asked by names of this machine alone, so that no page on the web reads it through a name of its own that leads
 * here (DNS rebinding). A page of another origin is refused, whatever it carries.
 */
export function refusalOf(headers: IncomingHttpHeaders, options: GuardOptions): Refusal | undefined {
  const { host = "", origin } = headers;
  if (options.token === undefined && !isLoopback(hostName(host)))
    return { status: 403, error: "This server answers to names of this machine alone" };
  const site = headers["sec-fetch-site"];
  const isPage = headers["sec-fetch-mode"] === "navigate";
  if (origin !== undefined && !isOwnOrigin(origin, host))
    return { status: 403, error: "A page of another origin may not read this" };
  if (site !== undefined && site !== "same-origin" && site !== "none" && !isPage)
    return { status: 403, error: "A page of another site may not read this" };
  if (options.token === undefined || isGiven(headers, options.token)) return undefined;
  return { status: 401, error: "Open the address with the token that vitrine serve printed" };
}

/** Whether two texts are the same, in a time that tells nothing of where they differ. */
export function isSameSecret(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** The cookie that a page gets for the token; scripts cannot read it, and no other site sends it. */
export function cookieOf(token: string, { host = "" }: IncomingHttpHeaders): string {
  return `${cookieName(host)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
}

function isGiven(
  { authorization = "", cookie = "", host = "" }: IncomingHttpHeaders,
  token: string,
): boolean {
  const bearer = /^Bearer (\S+)$/i.exec(authorization)?.[1];
  if (bearer !== undefined && isSameSecret(bearer, token)) return true;
  const own = cookieName(host);
  return cookie.split(";").some((pair) => {
    const [name, value = ""] = pair.trim().split("=");
    return name === own && isSameSecret(value, token);
  });
}

function isOwnOrigin(origin: string, host: string): boolean {
  try {
    return new URL(origin).host === host;
  } catch {
    return false; // `null` of a sandboxed page or a file
  }
}

function hostName(host: string): string {
  return host.replace(/:\d+$/, "");
}

/** What every answer says to a browser. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy": [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "worker-src 'self' blob:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  // threads in the page share memory only where these two are set
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
  "Cross-Origin-Resource-Policy": "same-origin",
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};
