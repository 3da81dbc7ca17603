import { useEffect, useMemo } from "react";
import type { ResultParticle } from "../../../match/index.ts";
import { channelsFor, type ViewState } from "../../core/viewState.ts";
import { SceneChannels } from "../../panels/SceneChannels.tsx";
import type { Scene } from "../../scene/scene.ts";
import { foundAt, foundLayers } from "../../search/foundLayers.ts";
import { ResultStage } from "../ResultStage.tsx";
import type { ResultProps } from "../resultProps.ts";
import { useAnswer } from "../useAnswer.ts";
import { type Choices, useChoices } from "../useChoices.ts";
import { readParticles, readSearch, type SearchFacts, type SearchPlace } from "./api.ts";
import { CutoffPanel } from "./CutoffPanel.tsx";
import { matchScene } from "./matchScene.ts";
import { ParticlePanel } from "./ParticlePanel.tsx";
import { ParticleTable } from "./ParticleTable.tsx";
import { SearchPanel } from "./SearchPanel.tsx";

/** Screen pixels beside a centre that still mean it. */
const NEAR = 8;
/** Screen pixels of a template's side where its particle is looked at. */
const NEAR_SIDE = 160;

/** A search for a template in a micrograph: the image with the map of z-scores, particles above a cutoff that is moved by hand. */
export function MatchView({ state, setState, setQuietly, onOpen, onError }: ResultProps) {
  const choices = useChoices(state, setState);
  const place: SearchPlace = { at: state.at, search: choices.number("search") ?? 0 };
  const key = JSON.stringify(place);
  const facts = useAnswer(key, (signal) => readSearch(place, signal), onError);
  const table = tableOf(facts, choices);
  const particles = useAnswer(
    facts && JSON.stringify([key, table]),
    (signal) => readParticles(place, table, signal),
    onError,
  );
  const map = choices.text("map") ?? "scaledMip";
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key has the place
  const scene = useMemo(() => facts && matchScene(facts, place, map), [facts, key, map]);
  useChannels(scene, setQuietly, map);
  if (facts === undefined || particles === undefined) return <p className="message">Reading the search…</p>;
  const parts = { facts, particles, choices, state, setState, setQuietly, onOpen, onError, place };
  return (
    <div className="scene">
      <MatchMain {...parts} scene={scene} />
      <aside className="result-controls" aria-label="Controls">
        <SearchPanel {...parts} />
        <CutoffPanel {...parts} table={table} cutoff={cutoffOf(parts)} />
        <ParticlePanel {...parts} chosen={chosenOf(parts)} />
        {scene !== undefined && state.channels.length === scene.channels.length && (
          <SceneChannels {...{ scene, state, setState, setQuietly }} />
        )}
      </aside>
    </div>
  );
}

interface MainProps extends ResultProps {
  readonly facts: SearchFacts;
  readonly particles: readonly ResultParticle[];
  readonly choices: Choices;
  readonly scene: Scene | undefined;
}

/** Stage and table. */
function MatchMain({ facts, particles, choices, scene, state, setState, onError }: MainProps) {
  const cutoff = cutoffOf({ facts, particles, choices });
  const chosen = chosenOf({ particles, choices });
  const shown = useMemo(
    () => particles.map((_, i) => i).filter((i) => particles[i].zScore > cutoff),
    [particles, cutoff],
  );
  const side = facts.template.size ?? 40;
  const drawn = useMemo(
    // one that was chosen stays, wherever the cutoff goes
    () => (chosen === undefined || shown.includes(chosen) ? shown : [...shown, chosen]),
    [shown, chosen],
  );
  const marks = useMemo(
    () => drawn.map((i) => ({ xPx: particles[i].x, yPx: particles[i].y, zScore: particles[i].zScore })),
    [particles, drawn],
  );
  // a layer belongs to one stage
  const layers = useMemo(() => {
    const place = chosen === undefined ? undefined : drawn.indexOf(chosen);
    return [0, 1].map(() => foundLayers(marks, side, place));
  }, [marks, side, drawn, chosen]);
  const goTo = (index: number) => {
    choices.choose({ particle: index + 1 });
    const { x, y } = particles[index];
    const near = Math.log2(NEAR_SIDE / side);
    setState((before) => ({ ...before, view: { x, y, zoom: Math.max(before.view?.zoom ?? near, near) } }));
  };
  const onPlace = (at: readonly [number, number], pixel: number) => {
    const place = foundAt(marks, at, Math.max(side / 2, NEAR * pixel));
    choices.choose({ particle: place === undefined ? undefined : drawn[place] + 1 });
  };
  const isSplit = choices.text("split") === "1";
  return (
    <div className="result-main">
      <div className="frames">
        {scene === undefined && (
          <p className="message">
            Neither the micrograph nor a map of this search can be shown: what is missing is told beside.
          </p>
        )}
        {scene !== undefined &&
          state.channels.length === scene.channels.length &&
          statesOf(state, isSplit && scene.channels.length > 1).map((one, i) => (
            <ResultStage
              key={i === 0 ? "first" : "second"}
              {...{ scene, setState, onPlace, onError }}
              layers={layers[i]}
              state={one}
              isSecond={i > 0}
            />
          ))}
      </div>
      <ParticleTable {...{ particles, shown, chosen }} onRow={goTo} />
    </div>
  );
}

/** What each stage shows: side by side a channel each, seen alike. */
function statesOf(state: ViewState, isSplit: boolean): ViewState[] {
  if (!isSplit) return [state];
  const alone = (index: number) => ({
    ...state,
    channels: state.channels.map((channel, i) => ({ ...channel, isVisible: i === index })),
  });
  return [alone(0), alone(1)];
}

/** The table whose rows are shown; undefined: the peaks of the map. */
function tableOf(facts: SearchFacts | undefined, choices: Choices): string | undefined {
  if (facts === undefined) return undefined;
  const known = facts.tables.flatMap(({ at }) => (at === null ? [] : [at]));
  const chosen = choices.text("table");
  if (chosen !== undefined && known.includes(chosen)) return chosen;
  return facts.scores === null ? known[0] : undefined;
}

/** Chosen by hand, else what noise exceeds as often as is allowed; of a table alone all its rows. */
function cutoffOf({ facts, particles, choices }: Pick<MainProps, "facts" | "particles" | "choices">): number {
  const lowest = particles.at(-1)?.zScore ?? 0;
  const isTable = tableOf(facts, choices) !== undefined;
  return (
    choices.number("cutoff") ??
    (isTable ? Math.floor(lowest * 100) / 100 - 0.01 : (facts.scores?.cutoff ?? 0))
  );
}

/** Place of the chosen particle in the list; undefined: none. */
function chosenOf({ particles, choices }: Pick<MainProps, "particles" | "choices">): number | undefined {
  const index = (choices.number("particle") ?? 0) - 1;
  return Number.isInteger(index) && index >= 0 && index < particles.length ? index : undefined;
}

/** Channels are as many as the scene's; those of another map have limits of their own. */
function useChannels(scene: Scene | undefined, setQuietly: ResultProps["setState"], map: string): void {
  useEffect(() => {
    if (scene === undefined) return;
    setQuietly((before) =>
      before.channels.length === scene.channels.length && before.choices.shownMap === map
        ? before
        : {
            ...before,
            channels: channelsFor(scene).map((channel, i) =>
              before.channels.length === scene.channels.length && i < scene.channels.length - 1
                ? before.channels[i]
                : channel,
            ),
            choices: { ...before.choices, shownMap: map },
          },
    );
  }, [scene, setQuietly, map]);
}
