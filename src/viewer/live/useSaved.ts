import { useEffect, useState } from "react";
import type { LiveState } from "../../acquire/index.ts";
import { openImageScene, type Scene } from "../scene/scene.ts";

/** Time between two looks at how many images are saved, ms. */
const LOOK_MS = 2000;

/** The folder that is written, as it is now: its planes become more. */
export function useSaved(facts: LiveState | undefined): Scene | undefined {
  const [saved, setSaved] = useState<Scene>();
  const folder = facts?.folder ?? undefined;
  const isOver = facts?.state === "done" || facts?.state === "failed";
  useEffect(() => {
    if (folder === undefined) return;
    const gone = new AbortController();
    // nothing can be opened before the first image is saved
    const look = () => openImageScene(folder, undefined, { signal: gone.signal }).then(setSaved, () => {});
    void look();
    const timer = isOver ? undefined : setInterval(look, LOOK_MS);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [folder, isOver]);
  return saved;
}
