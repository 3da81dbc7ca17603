import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { ChannelPanel } from "./ChannelPanel.tsx";

interface SceneChannelsProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
}

/** The channels of a scene, whose changes go to the state. */
export function SceneChannels({ scene, state, setState }: SceneChannelsProps) {
  return (
    <ChannelPanel
      {...{ scene, places: state.places, channels: state.channels }}
      onChange={(index, some) =>
        setState((before) => ({
          ...before,
          channels: before.channels.map((channel, i) => (i === index ? { ...channel, ...some } : channel)),
        }))
      }
    />
  );
}
