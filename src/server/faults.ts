/** Errors as answers. */
import { type ErrorCode, VitrineError } from "../core/index.ts";

/** What a failed request is answered. */
export interface Failure {
  readonly status: number;
  readonly body: { readonly error: string; readonly code: string };
}

/** A damaged file is no fault of the server, nor of the request: 422. */
const STATUS: Readonly<Record<ErrorCode, number>> = {
  format: 422,
  shape: 422,
  type: 422,
  range: 400,
  missing: 404,
  undeterminable: 422,
  exists: 409,
  storage: 403,
  busy: 409,
  aborted: 499,
  timeout: 408,
  worker: 500,
  device: 500,
  unsupported: 422,
};

/** A request that cannot be read, whatever is wrong with it: 400. */
export class BadRequest extends Error {
  override readonly name = "BadRequest";
}

/** The answer to a failure; nothing of an unexpected one is told. @param say  writes paths as addresses */
export function failureOf(error: unknown, say: (text: string) => string): Failure {
  if (error instanceof BadRequest)
    return { status: 400, body: { error: say(error.message), code: "request" } };
  if (error instanceof VitrineError)
    return { status: STATUS[error.code], body: { error: say(error.message), code: error.code } };
  const refused = SYSTEM[systemCode(error) ?? ""];
  if (refused !== undefined) return refused;
  const status = statusOf(error);
  if (status !== undefined && status < 500 && error instanceof Error)
    return { status, body: { error: say(error.message), code: "request" } };
  return { status: 500, body: { error: "The server failed; its log says why", code: "server" } };
}

/** What the file system says between the look at a path and its reading. */
const SYSTEM: Readonly<Record<string, Failure>> = {
  ENOENT: { status: 404, body: { error: "Nothing of this name is served", code: "missing" } },
  EACCES: { status: 403, body: { error: "The system gives no permission to read this", code: "storage" } },
  EPERM: { status: 403, body: { error: "The system gives no permission to read this", code: "storage" } },
};

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** Of Fastify's own errors. */
function statusOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null || !("statusCode" in error)) return undefined;
  return typeof error.statusCode === "number" ? error.statusCode : undefined;
}
