import type { Answer } from "../route.ts";
import type { ExportQuery } from "./names.ts";

/** What an export writes with. */
export interface ExportDesk {
  readonly signal: AbortSignal;
  /** The answer of a route, as the server gives it, written to its file. @throws {VitrineError} as the route */
  keep(route: string, query: ExportQuery): Promise<Answer>;
  /** Writes an answer of one's own. */
  write(route: string, query: ExportQuery, answer: Answer): Promise<void>;
  /** Asks a route and keeps nothing. */
  ask<T>(route: string, query: ExportQuery): Promise<T>;
  /** Gives an address its number. */
  place(at: string): void;
  firstImage(at: string, image: string): void;
  leaveOut(what: string): void;
}
