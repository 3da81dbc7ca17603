import type { MicroscopeFacts } from "../../acquire/index.ts";
import type { PlanChannel, PlanForm } from "./planForm.ts";

interface ChannelsProps {
  readonly channels: readonly PlanChannel[];
  /** Of the microscope; empty where none is there. */
  readonly groups: MicroscopeFacts["groups"];
  readonly onForm: (some: Partial<PlanForm>) => void;
}

/** A group whose presets are channels by its name, as Micro-Manager's wizard calls it. */
const CHANNEL_GROUP = "Channel";

/** Channels of a plan: presets of the microscope, or names that are typed. */
export function PlanChannels({ channels, groups, onForm }: ChannelsProps) {
  const set = (next: readonly PlanChannel[]) => onForm({ channels: next });
  const change = (index: number, some: Partial<PlanChannel>) =>
    set(channels.map((channel, i) => (i === index ? { ...channel, ...some } : channel)));
  const add = () => {
    const group = groups.find(({ name }) => name === CHANNEL_GROUP) ?? groups[0];
    const free = group?.presets.find((preset) => !channels.some(({ config }) => config === preset));
    set([...channels, { group: group?.name ?? CHANNEL_GROUP, config: free ?? "", exposureMs: 10 }]);
  };
  return (
    <fieldset className="channel">
      <legend>
        <span>Channels</span>
      </legend>
      {channels.map(({ group, config, exposureMs }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may hold the same
        <div className="plan-row" key={i}>
          <input
            type="text"
            aria-label={`Preset of channel ${i + 1}`}
            list={`presets-${i}`}
            value={config}
            onChange={({ target }) => change(i, { config: target.value })}
          />
          <datalist id={`presets-${i}`}>
            {(groups.find(({ name }) => name === group)?.presets ?? []).map((preset) => (
              <option key={preset} value={preset} />
            ))}
          </datalist>
          {groups.length > 1 ? (
            <select
              aria-label={`Group of channel ${i + 1}`}
              value={group}
              onChange={({ target }) => change(i, { group: target.value })}
            >
              {[...new Set([group, ...groups.map(({ name }) => name)])].map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          ) : (
            <input
              type="text"
              aria-label={`Group of channel ${i + 1}`}
              value={group}
              onChange={({ target }) => change(i, { group: target.value })}
            />
          )}
          <input
            type="number"
            aria-label={`Exposure of channel ${i + 1}, ms`}
            title="Exposure, ms; empty: the camera's own"
            min={0}
            step="any"
            value={Number.isNaN(exposureMs) ? "" : exposureMs}
            onChange={({ target }) => change(i, { exposureMs: target.valueAsNumber })}
          />
          <button
            type="button"
            aria-label={`Remove channel ${i + 1}`}
            onClick={() => set(channels.filter((_, at) => at !== i))}
          >
            ✕
          </button>
        </div>
      ))}
      {channels.length > 0 && <p className="note">Preset, group, exposure in ms</p>}
      <button type="button" onClick={add}>
        Add a channel
      </button>
    </fieldset>
  );
}
