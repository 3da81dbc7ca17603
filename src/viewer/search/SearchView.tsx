import { useEffect, useMemo, useRef, useState } from "react";
import { StageKeys } from "../core/StageKeys.tsx";
import { StageView } from "../core/StageView.tsx";
import { mergedChannels, useSceneChannels } from "../core/useSceneChannels.ts";
import { useSize } from "../core/useSize.ts";
import type { ViewState } from "../core/viewState.ts";
import { SceneChannels } from "../panels/SceneChannels.tsx";
import { memoryScene } from "../scene/memoryScene.ts";
import type { Scene } from "../scene/scene.ts";
import { FoundPanel } from "./FoundPanel.tsx";
import { foundAt, foundLayers } from "./foundLayers.ts";
import { SearchForm } from "./SearchForm.tsx";
import type { SearchState } from "./session.ts";
import { searchSession, useSearchState } from "./useSearch.ts";

interface SearchProps {
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: SearchProps["setState"];
  readonly onError: (message: string) => void;
}

/** Screen pixels of a particle that was chosen, along its box. */
const CHOSEN_PX = 240;

/** A search in the page: what was dropped, what it is searched with, what was found. */
export function SearchView({ state, setState, setQuietly, onError }: SearchProps) {
  const session = searchSession();
  const search = useSearchState();
  const [chosen, setChosen] = useState<number>();
  const scene = useSearchScene(search);
  const { micrograph, found } = search;
  useEffect(() => {
    session.onError = onError;
  }, [session, onError]);
  // another micrograph has its own limits and place
  useEffect(() => {
    if (micrograph !== undefined) setQuietly(({ view: _, ...before }) => ({ ...before, channels: [] }));
  }, [micrograph, setQuietly]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: other particles have other numbers
  useEffect(() => setChosen(undefined), [found]);
  useSceneChannels(scene, setQuietly);
  const shown = { ...state, channels: scene === undefined ? [] : mergedChannels(scene, state) };
  return (
    <div className="scene">
      <SearchStage state={shown} {...{ scene, search, setState, onError, chosen, onChoose: setChosen }} />
      <aside aria-label="Controls">
        <SearchForm session={session} state={search} />
        <FoundPanel {...{ session, chosen }} state={search} onChoose={setChosen} />
        {scene !== undefined && <SceneChannels state={shown} {...{ scene, setState, setQuietly }} />}
      </aside>
    </div>
  );
}

interface StageProps extends Omit<SearchProps, "setQuietly"> {
  readonly scene: Scene | undefined;
  readonly search: SearchState;
  readonly chosen: number | undefined;
  readonly onChoose: (index: number | undefined) => void;
}

function SearchStage({ scene, search, state, setState, onError, chosen, onChoose }: StageProps) {
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const { found, scores } = search;
  const layers = useMemo(
    () => (found && scores ? foundLayers(found.particles, scores.templateSize, chosen) : []),
    [found, scores, chosen],
  );
  const particle = chosen === undefined ? undefined : found?.particles[chosen];
  const side = scores?.templateSize;
  useEffect(() => {
    if (particle === undefined || side === undefined) return;
    const { xPx: x, yPx: y } = particle;
    setState((before) => ({ ...before, view: { x, y, zoom: Math.log2(CHOSEN_PX / side) } }));
  }, [particle, side, setState]);
  return (
    <div className="frame" ref={frame}>
      {scene === undefined && (
        <p className="message">
          {search.opening > 0 ? "Reading…" : "Drop a micrograph here, and a map or a structure."}
        </p>
      )}
      {scene !== undefined && size.width > 0 && (
        <>
          <StageView
            key={scene.title}
            {...{ scene, state, size, layers, onError }}
            onView={(view) => setState((before) => ({ ...before, view }))}
            onPlace={(place, pixel) =>
              onChoose(foundAt(found?.particles ?? [], place, Math.max((side ?? 0) / 2, 8 * pixel)))
            }
          />
          <StageKeys
            {...{ scene, state, size }}
            onView={(view) => setState((before) => ({ ...before, view }))}
          />
        </>
      )}
    </div>
  );
}

/** The micrograph, and over it the z-scores once they are there. */
function useSearchScene({ micrograph, fields, scores, found }: SearchState): Scene | undefined {
  const [low, full] = [(found?.zCutoff ?? 5) - 1.5, found?.bestZScore ?? 0];
  const { pixelSizeA } = fields;
  return useMemo(() => {
    if (micrograph === undefined) return undefined;
    const { name, height, width, values } = micrograph;
    const planes = [
      { name: "micrograph", color: "FFFFFF", values },
      ...(scores
        ? [
            {
              name: "z-score",
              color: "FF6A00",
              values: scores.values,
              window: [low, Math.max(low + 3, full)] as const,
            },
          ]
        : []),
    ];
    return memoryScene({
      ...{ key: `search ${name} ${planes.length}`, title: name, height, width, planes, warnings: [] },
      ...(pixelSizeA > 0 && { pixel: { size: pixelSizeA, unit: "Å" } }),
    });
  }, [micrograph, scores, low, full, pixelSizeA]);
}
