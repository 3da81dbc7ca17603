import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";
import { ChannelPanel } from "./ChannelPanel.tsx";

interface SceneChannelsProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back; default: `setState`. */
  readonly setQuietly?: SceneChannelsProps["setState"];
  readonly title?: string;
}

/** The channels of a scene, whose changes go to the state. */
export function SceneChannels({ scene, state, setState, setQuietly = setState, title }: SceneChannelsProps) {
  return (
    <ChannelPanel
      {...{ scene, places: state.places, channels: state.channels }}
      {...(title !== undefined && { title })}
      onChange={(index, some) =>
        // limits that follow the values are nobody's step
        (state.channels[index].limits === undefined ? setQuietly : setState)((before) => ({
          ...before,
          channels: before.channels.map((channel, i) => (i === index ? { ...channel, ...some } : channel)),
        }))
      }
    />
  );
}
