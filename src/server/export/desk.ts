import type { Answer } from "../route.ts";
import type { ExportQuery, SharedPlace } from "./names.ts";

/** What an export writes with. */
export interface ExportDesk {
  readonly signal: AbortSignal;
  /** The answer of a route, as the server gives it, written to its file. @throws {VitrineError} as the route */
  keep(route: string, query: ExportQuery): Promise<Answer>;
  /** The same where it is not written yet: several addresses may lead to it. @returns false: this cannot be answered, which is told as left out */
  keepOnce(route: string, query: ExportQuery, what: string): Promise<boolean>;
  /** Writes an answer of one's own. */
  write(route: string, query: ExportQuery, answer: Answer): Promise<void>;
  /** Asks a route and keeps nothing. */
  ask<T>(route: string, query: ExportQuery): Promise<T>;
  /** Gives an address its number. */
  place(at: string): void;
  /** Answers of what two addresses lead to are kept once, under the first. */
  same(place: SharedPlace, first: SharedPlace): void;
  /** Of a volume, each how many-th section is kept. */
  step(at: string, every: number): void;
  firstImage(at: string, image: string): void;
  leaveOut(what: string): void;
}
