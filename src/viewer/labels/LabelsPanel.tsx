import type { ViewState } from "../core/viewState.ts";
import type { Scene } from "../scene/scene.ts";

interface LabelsProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly onChange: (change: (before: ViewState) => ViewState) => void;
}

/** Opacity of labels at first. */
export const LABEL_OPACITY = 0.5;

/** Which label image lies over the image, in a colour a label. */
export function LabelsPanel({ scene, state, onChange }: LabelsProps) {
  const names = scene.image?.isLabels ? [] : (scene.image?.labels ?? []);
  if (names.length === 0 && !scene.image?.isLabels) return null;
  return (
    <section aria-label="Labels">
      <h2>Labels</h2>
      {names.length > 0 && (
        <label className="row">
          Over the image
          <select
            value={state.labels ?? ""}
            onChange={({ target }) =>
              onChange(({ labels, ...before }) => ({
                ...before,
                ...(target.value && { labels: target.value }),
              }))
            }
          >
            <option value="">none</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
      )}
      {(state.labels !== undefined || scene.image?.isLabels) && (
        <label className="row">
          Opacity of labels
          <input
            type="range"
            min={0}
            max={1}
            step={0.05}
            value={state.labelOpacity ?? (scene.image?.isLabels ? 1 : LABEL_OPACITY)}
            onChange={({ target }) =>
              onChange((before) => ({ ...before, labelOpacity: target.valueAsNumber }))
            }
          />
        </label>
      )}
    </section>
  );
}
