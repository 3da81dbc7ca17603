import { useCallback, useEffect, useState } from "react";
import type { History, Step } from "../core/useHistory.ts";
import type { ViewState } from "../core/viewState.ts";
import { askJson, type ExperimentFacts } from "../scene/api.ts";
import { isExport } from "../scene/exported.ts";
import { watch } from "../scene/live.ts";
import type { Scene } from "../scene/scene.ts";
import { type EditDone, type ObjectEdit, sendEdit } from "./edits.ts";
import { formatObjectsAt, parseObjectsAt } from "./names.ts";

/** What the server tells of objects of an image. */
export interface ImageObjectFacts {
  readonly types: ExperimentFacts["types"];
  readonly version: string;
  readonly changes: number;
  readonly file: string;
  readonly notKept: string | null;
  readonly locked: string | null;
  readonly warnings: readonly string[];
}

/** Whose objects are shown. */
export interface ObjectSource {
  /** Undefined: there can be none. */
  readonly at: string | undefined;
  /** They are labels of a label image, which shows them itself; else they have outlines. */
  readonly isOfLabels: boolean;
  readonly types: ExperimentFacts["types"];
  /** Of objects of an image. */
  readonly facts?: ImageObjectFacts;
  /** Another number after each change. */
  readonly revision: number;
  /** What was done; undefined where the server refused it, which is said. */
  readonly edit: (change: ObjectEdit) => Promise<EditDone | undefined>;
}

/** What {@link useObjectSource} takes. */
export interface SourceOptions {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly perform: History["perform"];
  readonly onError: (message: string) => void;
}

interface Known {
  readonly at: string;
  /** What was shown then: another one tells its types itself. */
  readonly scene?: Scene;
  readonly types: ExperimentFacts["types"];
  readonly facts?: ImageObjectFacts;
}

/** The objects of the experiment, of the image, or of its labels, as they are after changes of this page and of others; and the way to change them. */
export function useObjectSource({ scene, state, perform, onError }: SourceOptions): ObjectSource {
  const at = sourceAt(scene, state);
  const [known, setKnown] = useState<Known>();
  const [revision, setRevision] = useState(0);
  const own = known?.at === at && known?.scene === scene ? known : undefined;
  const take = useCallback(
    (next: Known) => setKnown((before) => (isSame(before, next) ? before : { ...next, scene })),
    [scene],
  );
  useEffect(() => {
    if (known !== undefined) setRevision((before) => before + 1);
  }, [known]);
  // an experiment tells its types when it is opened
  useWatched(scene.experiment === undefined ? at : undefined, { take, onError });

  const seen = own?.facts?.version;
  const apply = useCallback(
    async (change: ObjectEdit): Promise<EditDone> => {
      const place = at ?? "";
      try {
        return await sendEdit(place, change, seen);
      } finally {
        // where it was refused, somebody else may have changed them
        await factsOf(place).then(take, () => {});
      }
    },
    [at, seen, take],
  );
  const edit = useCallback(
    async (change: ObjectEdit): Promise<EditDone | undefined> => {
      let done: EditDone | undefined;
      try {
        await perform(async () => {
          done = await apply(change);
          return stepOf(done.inverse, apply);
        });
        return done;
      } catch (error) {
        onError(error instanceof Error ? error.message : String(error));
        return undefined;
      }
    },
    [apply, perform, onError],
  );
  const first = scene.experiment?.types ?? [];
  return {
    at,
    isOfLabels: scene.experiment === undefined && state.objectsAt !== undefined,
    types: own?.types ?? first,
    ...(own?.facts && { facts: own.facts }),
    revision,
    edit,
  };
}

function sourceAt(scene: Scene, { at, image, objectsAt }: ViewState): string | undefined {
  if (scene.experiment !== undefined) return at;
  if (scene.image === undefined || isExport()) return undefined;
  return objectsAt ?? formatObjectsAt({ of: "annotations", at, image: image ?? scene.image.shown });
}

interface WatchOptions {
  readonly take: (known: Known) => void;
  readonly onError: (message: string) => void;
}

/** Objects of images are watched: other pages and programs change them, too. */
function useWatched(at: string | undefined, { take, onError }: WatchOptions): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: `onError` is another function at each drawing
  useEffect(() => {
    if (at === undefined) return;
    if (!isOfImage(at)) {
      let isGone = false;
      factsOf(at).then(
        (known) => isGone || take(known),
        (error: Error) => isGone || onError(error.message),
      );
      return () => {
        isGone = true;
      };
    }
    return watch({
      topic: "objects",
      query: { at },
      onValue: ({ value }) => take(knownOf(at, value as ImageObjectFacts)),
      onError,
    });
  }, [at, take]);
}

function isOfImage(at: string): boolean {
  return parseObjectsAt(at) !== undefined;
}

/** @throws {Error} with what the server says */
async function factsOf(at: string): Promise<Known> {
  if (isOfImage(at)) return knownOf(at, await askJson<ImageObjectFacts>("objects", { at }));
  return { at, types: (await askJson<ExperimentFacts>("experiment", { at })).types };
}

function knownOf(at: string, facts: ImageObjectFacts): Known {
  return { at, types: facts.types, facts };
}

/** Of an experiment every look counts: its objects may have other outlines. */
function isSame(before: Known | undefined, next: Known): boolean {
  return (
    next.facts !== undefined &&
    before?.at === next.at &&
    JSON.stringify(before.facts) === JSON.stringify(next.facts)
  );
}

/** Each way tells how the other one goes. */
function stepOf(inverse: ObjectEdit, apply: (edit: ObjectEdit) => Promise<EditDone>): Step {
  let next = inverse;
  const go = async () => {
    next = (await apply(next)).inverse;
  };
  return { undo: go, redo: go };
}

/** Shows annotations that were there when an image was opened: once, so that whoever hides them is not asked again. */
export function useShownAnnotations(
  { isOfLabels, facts, at }: ObjectSource,
  { objects }: ViewState,
  setQuietly: (change: (before: ViewState) => ViewState) => void,
): void {
  const [seen, setSeen] = useState<string>();
  const first = facts?.types.find((type) => type.objects > 0)?.name;
  const isKnown = facts !== undefined && !isOfLabels;
  useEffect(() => {
    if (!isKnown || seen === at) return;
    setSeen(at);
    if (first !== undefined && objects === undefined) setQuietly((before) => ({ ...before, objects: first }));
  }, [isKnown, seen, at, first, objects, setQuietly]);
}
