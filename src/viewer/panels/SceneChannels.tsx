import type { ShownChannel, ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { ChannelPanel } from "./ChannelPanel.tsx";

interface SceneChannelsProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: SceneChannelsProps["setState"];
  readonly title?: string;
}

/** The channels of a scene, whose changes go to the state. */
export function SceneChannels({ scene, state, setState, setQuietly, title }: SceneChannelsProps) {
  const by =
    (set: SceneChannelsProps["setState"]) =>
    (index: number, some: Partial<ShownChannel>): void =>
      set((before) => ({
        ...before,
        channels: before.channels.map((channel, i) => (i === index ? { ...channel, ...some } : channel)),
      }));
  return (
    <ChannelPanel
      {...{ scene, places: state.places, channels: state.channels }}
      {...(title !== undefined && { title })}
      onChange={by(setState)}
      onFirstLimits={(index, limits) => by(setQuietly)(index, { limits })}
    />
  );
}
