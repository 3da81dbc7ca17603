import { useEffect, useState } from "react";
import { COLORMAPS, type ColormapName, colormapGradient, isColormap } from "../core/colormaps.ts";
import { MOST_SHOWN, type ShownChannel } from "../core/viewState.ts";
import type { Spread } from "../scene/api.ts";
import type { Places, Scene, SceneChannel } from "../scene/scene.ts";

interface ChannelPanelProps {
  /** Default: Channels. */
  readonly title?: string;
  readonly scene: Scene;
  readonly places: Places;
  readonly channels: readonly ShownChannel[];
  readonly onChange: (index: number, change: Partial<ShownChannel>) => void;
  /** Limits that follow the values, once these are first known: nobody chose them. */
  readonly onFirstLimits: (index: number, limits: Limits) => void;
}

type Limits = NonNullable<ShownChannel["limits"]>;

/** How each channel is shown: on or off, colour, opacity, contrast on its histogram. */
export function ChannelPanel(props: ChannelPanelProps) {
  const { title = "Channels", scene, places, channels, onChange, onFirstLimits } = props;
  const shown = channels.filter(({ isVisible }) => isVisible).length;
  return (
    <section aria-label={title}>
      <h2>{title}</h2>
      {channels.map((channel, i) => (
        <ChannelRow
          // biome-ignore lint/suspicious/noArrayIndexKey: a channel is its index
          key={i}
          {...{ scene, places, channel, index: i, facts: scene.channels[i] }}
          isFull={shown >= MOST_SHOWN}
          isAlone={shown === 1}
          onChange={(change) => onChange(i, change)}
          onFirstLimits={(limits) => onFirstLimits(i, limits)}
        />
      ))}
    </section>
  );
}

interface ChannelRowProps {
  readonly scene: Scene;
  readonly places: Places;
  readonly index: number;
  readonly facts: SceneChannel;
  readonly channel: ShownChannel;
  /** No more can be shown. */
  readonly isFull: boolean;
  /** No other channel is visible: it can have a colour map. */
  readonly isAlone: boolean;
  readonly onChange: (change: Partial<ShownChannel>) => void;
  readonly onFirstLimits: (limits: Limits) => void;
}

function ChannelRow(props: ChannelRowProps) {
  const { scene, places, index, facts, channel, isFull, isAlone, onChange, onFirstLimits } = props;
  const { name } = facts;
  const spread = useSpread({ scene, places, index, isVisible: channel.isVisible });
  const isUnknown = channel.limits === undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: limits follow the values once, when these are first known
  useEffect(() => {
    if (spread !== undefined && isUnknown) onFirstLimits([spread.low, spread.high]);
  }, [spread, isUnknown]);
  return (
    <fieldset className="channel">
      <legend>
        <label>
          <input
            type="checkbox"
            checked={channel.isVisible}
            disabled={isFull && !channel.isVisible}
            onChange={(event) => onChange({ isVisible: event.target.checked })}
          />{" "}
          {name}
        </label>
        <input
          type="color"
          aria-label={`Colour of ${name}`}
          value={`#${channel.color.toLowerCase()}`}
          onChange={(event) => onChange({ color: event.target.value.slice(1).toUpperCase() })}
        />
      </legend>
      {channel.isVisible && isAlone && (
        <ColormapChoice name={name} colormap={channel.colormap} onChange={onChange} />
      )}
      {channel.isVisible && spread !== undefined && channel.limits !== undefined && (
        <Contrast name={name} spread={spread} channel={channel} limits={channel.limits} onChange={onChange} />
      )}
    </fieldset>
  );
}

interface ColormapProps {
  readonly name: string;
  readonly colormap: ColormapName | undefined;
  readonly onChange: ChannelRowProps["onChange"];
}

/** Colours by values, in place of one colour. */
function ColormapChoice({ name, colormap, onChange }: ColormapProps) {
  return (
    <>
      <label className="row">
        Colour map
        <select
          aria-label={`Colour map of ${name}`}
          value={colormap ?? ""}
          onChange={({ target }) =>
            onChange({ colormap: isColormap(target.value) ? target.value : undefined })
          }
        >
          <option value="">its colour</option>
          {COLORMAPS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </select>
      </label>
      {colormap !== undefined && (
        <div className="colormap" aria-hidden="true" style={{ background: colormapGradient(colormap) }} />
      )}
    </>
  );
}

interface ContrastProps {
  readonly name: string;
  readonly spread: Spread;
  readonly channel: ShownChannel;
  readonly limits: readonly [number, number];
  readonly onChange: ChannelRowProps["onChange"];
}

function Contrast({ name, spread, channel, limits, onChange }: ContrastProps) {
  const from = Math.min(spread.min, limits[0]);
  const to = Math.max(spread.max, limits[1]);
  const step = (to - from) / 1000 || 1;
  const set = (end: 0 | 1, value: number) => {
    if (!Number.isFinite(value)) return;
    const [low, high] = limits;
    onChange({
      limits: end === 0 ? [Math.min(value, high - step), high] : [low, Math.max(value, low + step)],
    });
  };
  const ends = [
    { end: 0, what: "Black" },
    { end: 1, what: "Full" },
  ] as const;
  return (
    <>
      <Histogram spread={spread} limits={limits} range={[from, to]} color={channel.color} />
      {ends.map(({ end, what }) => (
        <div className="limit" key={what}>
          <input
            type="range"
            aria-label={`${what} of ${name}`}
            min={from}
            max={to}
            step={step}
            value={limits[end]}
            onChange={(event) => set(end, event.target.valueAsNumber)}
          />
          <input
            type="number"
            aria-label={`${what} of ${name}, as a number`}
            value={Number(limits[end].toPrecision(6))}
            step="any"
            onChange={(event) => set(end, event.target.valueAsNumber)}
          />
        </div>
      ))}
      <div className="limit">
        <button
          type="button"
          onClick={() => onChange({ limits: [spread.low, spread.high] })}
          aria-label={`Auto contrast of ${name}`}
        >
          Auto
        </button>
        <label className="opacity">
          Opacity
          <input
            type="range"
            aria-label={`Opacity of ${name}`}
            min={0}
            max={1}
            step={0.05}
            value={channel.opacity}
            onChange={(event) => onChange({ opacity: event.target.valueAsNumber })}
          />
        </label>
      </div>
    </>
  );
}

/** Counts on a logarithmic scale, with lines at the limits. */
function Histogram({
  spread,
  limits,
  range: [from, to],
  color,
}: {
  spread: Spread;
  limits: readonly [number, number];
  range: readonly [number, number];
  color: string;
}) {
  const { histogram, min, max } = spread;
  const most = Math.log1p(Math.max(1, ...histogram));
  const x = (value: number) => (100 * (value - from)) / (to - from || 1);
  const points = histogram.map((count, i) => {
    const value = min + ((i + 0.5) * (max - min)) / histogram.length;
    return `${x(value).toFixed(2)},${(30 - (30 * Math.log1p(count)) / most).toFixed(2)}`;
  });
  return (
    <svg className="histogram" viewBox="0 0 100 30" preserveAspectRatio="none" aria-hidden="true">
      <polygon points={`${x(min)},30 ${points.join(" ")} ${x(max)},30`} fill={`#${color}`} />
      {limits.map((limit, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the lower one and the upper one
        <line key={i} x1={x(limit)} x2={x(limit)} y1="0" y2="30" />
      ))}
    </svg>
  );
}

function useSpread({
  scene,
  places,
  index,
  isVisible,
}: Pick<ChannelRowProps, "scene" | "places" | "index"> & { isVisible: boolean }) {
  const [spread, setSpread] = useState<Spread>();
  const key = JSON.stringify(places);
  useEffect(() => {
    if (!isVisible) return;
    const gone = new AbortController();
    // what fails here fails on the stage too, which says so
    scene.spread(index, JSON.parse(key), gone.signal).then(setSpread, () => {});
    return () => gone.abort();
  }, [scene, index, key, isVisible]);
  return spread;
}
