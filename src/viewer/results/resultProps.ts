import type { ViewState } from "../core/viewState.ts";

/** Changes the state of the page. */
export type SetState = (change: (before: ViewState) => ViewState) => void;

/** What the module of a result gets. */
export interface ResultProps {
  readonly state: ViewState;
  readonly setState: SetState;
  /** The same, as no step that is taken back: what the page does by itself. */
  readonly setQuietly: SetState;
  readonly onOpen: (at: string) => void;
  readonly onError: (message: string) => void;
}
