import { useEffect, useSyncExternalStore } from "react";
import { SearchSession, type SearchState } from "./session.ts";

let session: SearchSession | undefined;

/** The page's one search. */
export function searchSession(): SearchSession {
  session ??= new SearchSession();
  return session;
}

/** What is known of it, as it changes. */
export function useSearchState(): SearchState {
  const { subscribe } = searchSession();
  return useSyncExternalStore(subscribe, () => searchSession().state);
}

/** Files that are dropped anywhere on the page are for its search. @param onDrop  leads there */
export function useDroppedFiles(onDrop: () => void): void {
  useEffect(() => {
    const hasFiles = ({ dataTransfer }: DragEvent) => dataTransfer?.types.includes("Files") ?? false;
    // without this the browser opens the file in the place of the page
    const over = (event: DragEvent) => {
      if (hasFiles(event)) event.preventDefault();
    };
    const drop = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      searchSession().open(Array.from(event.dataTransfer?.files ?? []));
      onDrop();
    };
    addEventListener("dragover", over);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("drop", drop);
    };
  }, [onDrop]);
}
