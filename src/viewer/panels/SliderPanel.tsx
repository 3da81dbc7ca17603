import { useEffect, useState } from "react";
import type { Places, Slider } from "../scene/scene.ts";

interface SliderPanelProps {
  readonly sliders: readonly Slider[];
  readonly places: Places;
  readonly onPlace: (axis: string, index: number) => void;
}

/** Planes of a second of playback. */
const PER_SECOND = 8;

/** One slider an axis that has more than one plane; it plays, too. */
export function SliderPanel({ sliders, places, onPlace }: SliderPanelProps) {
  return (
    <section aria-label="Planes" className="sliders">
      {sliders.map((slider) => (
        <SliderRow key={slider.axis} slider={slider} index={places[slider.axis] ?? 0} onPlace={onPlace} />
      ))}
    </section>
  );
}

interface SliderRowProps extends Pick<SliderPanelProps, "onPlace"> {
  readonly slider: Slider;
  readonly index: number;
}

function SliderRow({ slider: { axis, length, values }, index, onPlace }: SliderRowProps) {
  const [isPlaying, setPlaying] = useState(false);
  useEffect(() => {
    if (!isPlaying) return;
    const timer = setTimeout(() => onPlace(axis, (index + 1) % length), 1000 / PER_SECOND);
    return () => clearTimeout(timer);
  }, [isPlaying, axis, index, length, onPlace]);
  return (
    <div className="slider">
      <label htmlFor={`slider-${axis}`}>{axis}</label>
      <input
        id={`slider-${axis}`}
        type="range"
        min={0}
        max={length - 1}
        value={index}
        onChange={(event) => onPlace(axis, event.target.valueAsNumber)}
      />
      <output htmlFor={`slider-${axis}`}>
        {values === undefined ? "" : `${values[index]} · `}
        {index + 1} of {length}
      </output>
      <button
        type="button"
        aria-pressed={isPlaying}
        onClick={() => setPlaying(!isPlaying)}
        aria-label={`Play ${axis}`}
      >
        {isPlaying ? "❚❚" : "▶"}
      </button>
    </div>
  );
}
