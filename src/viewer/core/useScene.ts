import { useEffect, useState } from "react";
import { openAddress } from "../scene/address.ts";
import {
  askJson,
  type Entry,
  LIVE_AT,
  type Listing,
  PLAN_AT,
  type ResultKind,
  SEARCH_AT,
} from "../scene/api.ts";
import { openExperimentScene, openImageScene, type Scene } from "../scene/scene.ts";
import type { ViewState } from "./viewState.ts";

/** What an address is: a list, a step of jobs, or something with pixels; undefined until it is known. */
type Shown = "live" | "plan" | "search" | "folder" | "job" | ResultKind | "scene" | undefined;

/** Opens what the state names. @param attempt  another number opens it anew; what is shown stays until then */
export function useScene(
  { at, image, choices, isLabels = false }: Pick<ViewState, "at" | "image" | "choices" | "isLabels">,
  attempt: number,
  onError: (message: string) => void,
) {
  const [shown, setShown] = useState<{
    readonly place: string;
    readonly kind: Shown;
    readonly scene?: Scene;
  }>();
  // a folder with a result is a folder all the same
  const isList = choices.files !== undefined;
  const place = JSON.stringify([at, image, isList, isLabels]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt opens it anew
  useEffect(() => {
    const gone = new AbortController();
    openAt({ at, image, isList, isLabels }, gone.signal).then(
      (opened) => gone.signal.aborted || setShown({ place, ...opened }),
      (error: Error) => {
        if (gone.signal.aborted) return;
        setShown({ place, kind: "scene" });
        onError(error.message);
      },
    );
    return () => gone.abort();
  }, [at, image, isList, isLabels, place, attempt, onError]);
  return shown?.place === place
    ? { kind: shown.kind, scene: shown.scene }
    : { kind: "scene" as const, scene: undefined };
}

interface Place {
  readonly at: string;
  readonly image: string | undefined;
  /** The files of a folder are shown, whatever it is. */
  readonly isList: boolean;
  readonly isLabels: boolean;
}

async function openAt({ at, image, isList, isLabels }: Place, signal: AbortSignal) {
  if (at === LIVE_AT) return { kind: "live" as const };
  if (at === PLAN_AT) return { kind: "plan" as const };
  if (at === SEARCH_AT) return { kind: "search" as const };
  if (at === "" || isList) return { kind: "folder" as const };
  await openAddress(at);
  const { self } = await askJson<Listing>("browse", { at }, signal);
  switch (self.kind) {
    case "acquisition":
      return { kind: "live" as const };
    case "folder":
      return { kind: "folder" as const };
    case "job":
      return { kind: "job" as const };
    case "match":
    case "subtomogram":
    case "likelihood":
      return { kind: self.kind };
    case "experiment":
      return { kind: "scene" as const, scene: await openExperimentScene(at, signal) };
    case "image":
      return { kind: "scene" as const, scene: await openImageScene(at, image, { signal, isLabels }) };
    case "file":
      throw notShown(self);
  }
}

function notShown({ name, format }: Entry): Error {
  return new Error(`${name} is no image (${format}). It can be saved from the list of its folder.`);
}
