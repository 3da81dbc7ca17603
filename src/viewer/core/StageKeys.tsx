import type { Scene } from "../scene/scene.ts";
import { type View, wholeView } from "./stage.ts";
import { useKeyboard } from "./useKeyboard.ts";
import type { ViewState } from "./viewState.ts";

interface StageKeysProps {
  readonly scene: Scene;
  readonly state: Pick<ViewState, "view" | "places">;
  readonly size: { readonly width: number; readonly height: number };
  readonly onView: (view: View) => void;
  /** Another place along t or z; default: keys leaf through nothing. */
  readonly onPlace?: (axis: string, index: number) => void;
}

/** The keys of a stage, for as long as it is there. */
export function StageKeys({ scene, state, size, onView, onPlace = () => {} }: StageKeysProps) {
  const whole = wholeView(scene, size);
  useKeyboard({ scene, whole, view: state.view ?? whole, places: state.places, onView, onPlace });
  return null;
}
