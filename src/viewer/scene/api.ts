/** What the server answers, as far as the page uses it. */
import type { PlateField, PlateWell } from "../../io/index.ts";
import { askExport, isExport } from "./exported.ts";

/** Results of programs, each with a module of its own. */
export type ResultKind = "match" | "subtomogram" | "likelihood";

/** An entry of a folder. */
export interface Entry {
  readonly name: string;
  readonly at: string;
  readonly kind: "acquisition" | "image" | "experiment" | "job" | ResultKind | "folder" | "file";
  readonly format: string;
  readonly bytes: number | null;
}

/** A folder. */
export interface Listing {
  readonly self: Entry;
  readonly entries: readonly Entry[];
  /** Where further entries begin. */
  readonly next: number | null;
}

/** An image, and its file. */
export interface ImageFacts {
  readonly name: string;
  readonly format: string;
  readonly dtype: string;
  readonly isLabels: boolean;
  readonly images: readonly string[];
  readonly labels: readonly string[];
  readonly plate: PlateFacts | null;
  /** Wells of the plate, which are images of all their fields. */
  readonly wells: readonly PlateWell[];
  /** The fields that a well is pasted of. */
  readonly parts: readonly { readonly image: string }[];
  readonly axes: readonly {
    readonly name: string;
    readonly unit?: string;
    readonly values?: readonly (string | number)[];
    readonly length: number;
    readonly scale: number;
  }[];
  readonly channels: readonly {
    readonly name?: string;
    readonly color?: string;
    readonly window?: { readonly start: number; readonly end: number };
  }[];
  readonly views: readonly LevelFacts[];
  readonly warnings: readonly string[];
  readonly fileWarnings: readonly string[];
}

/** A resolution. */
export interface LevelFacts {
  readonly height: number;
  readonly width: number;
}

/** Wells and fields of a plate. */
export interface PlateFacts {
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly fields: readonly PlateField[];
}

/** A box on the map, pixels of full resolution. */
export interface Box {
  readonly minY: number;
  readonly minX: number;
  readonly maxY: number;
  readonly maxX: number;
}

/** An experiment. */
export interface ExperimentFacts {
  readonly name: string;
  readonly pixelSizeUm: number | null;
  readonly layers: readonly {
    readonly id: number;
    readonly channel: string;
    readonly color: string | null;
    readonly tpoint: number;
    readonly zplane: number;
    readonly height: number;
    readonly width: number;
  }[];
  readonly parts: {
    readonly plates: readonly {
      readonly id: number;
      readonly name: string;
      readonly nRows: number;
      readonly nColumns: number;
    }[];
    readonly wells: readonly {
      readonly id: number;
      readonly plateId: number;
      readonly name: string;
      readonly rowIndex: number;
      readonly columnIndex: number;
      readonly box: Box | null;
    }[];
    readonly sites: readonly {
      readonly id: number;
      readonly wellId: number;
      readonly siteIndex: number;
      readonly box: Box | null;
    }[];
  };
  readonly types: readonly {
    readonly name: string;
    readonly refType: string | null;
    readonly objects: number;
    readonly features: readonly string[];
  }[];
  /** What can be done to images of sites: models of illumination by channels, and whether shifts between cycles are known. */
  readonly siteImages: {
    readonly corrections: Readonly<Record<string, readonly string[]>>;
    readonly isAligned: boolean;
  };
}

/** How values are spread. */
export interface Spread {
  readonly min: number;
  readonly max: number;
  readonly low: number;
  readonly high: number;
  readonly histogram: readonly number[];
}

/** A step of heavy work. */
export interface JobFacts {
  readonly at: string;
  readonly name: string;
  readonly phases: readonly { readonly name: string; readonly counts: Readonly<Record<string, number>> }[];
}

/** What can be started of an experiment, and what the last start said. */
export interface JobStart {
  readonly at: string;
  readonly step: string;
  readonly said: string;
  /** Whether it runs in a process that the page can end. */
  readonly isRunning: boolean;
}

/** Steps below an address. */
export interface JobsFacts {
  readonly steps: readonly JobFacts[];
  readonly starts: JobStart | null;
}

/** A step of a tour. */
export interface TourFacts {
  readonly name: string;
  readonly title: string;
  readonly text: string;
  readonly commands: readonly string[];
  /** Address of its result, and more of the state in which that is shown. */
  readonly at: string;
  readonly view?: string;
  readonly planted: number;
  readonly found: number;
  readonly others: number;
  readonly isRight: boolean;
}

/** The address of the acquisition that runs. */
export const LIVE_AT = "@live";
/** The address of the plan builder. */
export const PLAN_AT = "@plan";
/** The address of the search in the page. */
export const SEARCH_AT = "@search";

/** Values of a query; what is undefined is left out. */
export type Query = Readonly<Record<string, string | number | undefined>>;

/** The address of a route. */
export function apiUrl(route: string, query: Query = {}): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  return `api/${route}?${new URLSearchParams(given.map(([name, value]) => [name, String(value)]))}`;
}

/** Asks the server. @throws {Error} with what the server says */
export async function ask(route: string, query: Query = {}, signal?: AbortSignal): Promise<Response> {
  if (isExport()) return askExport(route, query, signal);
  return answered(fetch(apiUrl(route, query), signal ? { signal } : {}), signal);
}

/** Has the server do something. @throws {Error} with what the server says */
export async function send(route: string, body: object): Promise<Response> {
  const headers = { "Content-Type": "application/json" };
  return answered(fetch(`api/${route}`, { method: "POST", headers, body: JSON.stringify(body) }));
}

async function answered(asked: Promise<Response>, signal?: AbortSignal): Promise<Response> {
  const response = await asked.catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new Error("The server does not answer. Is vitrine serve still running?");
  });
  if (response.ok) return response;
  const said: unknown = await response.json().catch(() => ({}));
  const isTold = typeof said === "object" && said !== null && "error" in said;
  throw new Error(isTold ? String(said.error) : `The server answered ${response.status}`);
}

/** Asks for JSON. The server is of the same version: its answers are as described. */
export async function askJson<T>(route: string, query: Query = {}, signal?: AbortSignal): Promise<T> {
  return (await (await ask(route, query, signal)).json()) as T;
}
