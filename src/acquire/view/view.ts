/** An acquisition as a page sees it, and what passes between its process and the page's server. */
import type { Axes } from "../../io/index.ts";
import type { HookReport } from "../engine/hookTally.ts";
import type { StageReport } from "../engine/report.ts";

/** How an acquisition is going. */
export interface LiveState {
  /** `stopping`: somebody stopped it, images that were taken are still on their way. */
  readonly state: "running" | "stopping" | "done" | "failed";
  /** What stopped it. */
  readonly message?: string;
  /** The folder that is written; null where none is. */
  readonly folder: string | null;
  readonly seconds: number;
  readonly stages: readonly StageReport[];
  readonly hooks: readonly HookReport[];
  readonly microscope: MicroscopeFacts;
}

/** What plans for a microscope may name. */
export interface MicroscopeFacts {
  /** Config groups with their presets, as Micro-Manager has them. */
  readonly groups: readonly { readonly name: string; readonly presets: readonly string[] }[];
  /** What the camera sees, µm; null where the pixel size is not known. */
  readonly fieldUm: readonly [width: number, height: number] | null;
}

/** The newest image, made smaller by leaving out pixels until a side has at most `MOST_SIDE`. */
export interface LiveFrame {
  readonly axes: Axes;
  /** The channel's name, empty where there is none. */
  readonly channel: string;
  readonly dtype: string;
  /** Of the image as it was taken. */
  readonly height: number;
  readonly width: number;
  /** Every how many pixels one was kept. */
  readonly step: number;
  /** Of what was kept. */
  readonly shape: readonly [height: number, width: number];
  /** µm a pixel of the image; 0 where unknown. */
  readonly pixelSizeUm: number;
  /** Where the stage stood, µm; null where the event did not say. */
  readonly place: readonly [xUm: number, yUm: number] | null;
}

/** Longer side of a frame that is sent, pixels. */
export const MOST_SIDE = 1024;

/** A tile that a person asks for, µm on the stage. */
export interface WantedTile {
  readonly xUm: number;
  readonly yUm: number;
}

/** To the server of the page. */
export type ToView =
  | {
      readonly kind: "serve";
      readonly host: string;
      readonly port: number;
      readonly folder: string | null;
      /** Of the server before it, so that open pages go on. */
      readonly token?: string;
    }
  | { readonly kind: "state"; readonly state: LiveState }
  | { readonly kind: "frame"; readonly frame: LiveFrame; readonly data: Uint8Array }
  | { readonly kind: "queued"; readonly id: number; readonly events: number; readonly error?: string };

/** From it. `free`: somebody watches and has room for a frame. */
export type FromView =
  | { readonly kind: "serving"; readonly address: string; readonly port: number; readonly token?: string }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "free" }
  | { readonly kind: "stop" }
  | { readonly kind: "queue"; readonly id: number; readonly tiles: readonly WantedTile[] }
  | { readonly kind: "run"; readonly id: number; readonly plan: unknown };

/** Options of `acquisition.view()`. */
export interface ViewOptions {
  /** Default 127.0.0.1; any that other machines reach demands the token in the address. */
  readonly host?: string;
  /** Default 0: one that is free. */
  readonly port?: number;
}

/** The page on an acquisition. Whoever opened it closes it; closing ends nothing but the page. */
export interface AcquisitionView extends AsyncDisposable {
  /** To open in a browser. */
  readonly address: string;
  /** Of the process that serves the page: where it ends, another one takes its place. */
  readonly pid: number;
  close(): Promise<void>;
}

/** What a view needs of its acquisition. */
export interface ViewSource {
  readonly folder: string | null;
  state(): LiveState;
  stop(): void;
  /** @returns how many events that makes @throws {VitrineError} unsupported: no event so far, or none are taken any more */
  queue(tiles: readonly WantedTile[]): number;
  /** Runs a plan after what is under way. @returns its events @throws {VitrineError} what is wrong with it; unsupported: none are taken */
  run(plan: unknown): number;
}
