import { type RefObject, useCallback, useMemo, useRef } from "react";
import { StageView } from "./core/StageView.tsx";
import { type View, wholeView } from "./core/stage.ts";
import type { History } from "./core/useHistory.ts";
import { useKeyboard } from "./core/useKeyboard.ts";
import { useSize } from "./core/useSize.ts";
import type { ViewState } from "./core/viewState.ts";
import { DrawOverlay } from "./draw/DrawOverlay.tsx";
import { DrawPanel } from "./draw/DrawPanel.tsx";
import { type Draw, useDraw } from "./draw/useDraw.ts";
import { VertexOverlay } from "./draw/VertexOverlay.tsx";
import { objectAt } from "./objects/drawn.ts";
import { objectLayers } from "./objects/layers.ts";
import { ObjectsDrawer } from "./objects/ObjectsDrawer.tsx";
import { ObjectsPanel } from "./objects/ObjectsPanel.tsx";
import type { ObjectTable } from "./objects/objectTable.ts";
import { SelectionPanel } from "./objects/SelectionPanel.tsx";
import { type ObjectModel, useObjectModel } from "./objects/useObjectModel.ts";
import { Facts, ImageChoice } from "./panels/Facts.tsx";
import { JobsPanel } from "./panels/JobsPanel.tsx";
import { MapPlates } from "./panels/PlatePanel.tsx";
import { SceneChannels } from "./panels/SceneChannels.tsx";
import { SliderPanel } from "./panels/SliderPanel.tsx";
import { type Scene, viewOfBox } from "./scene/scene.ts";

interface SceneViewProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: SceneViewProps["setState"];
  readonly history: History;
  readonly onError: (message: string) => void;
}

/** An image or the map of an experiment: stage, controls, table of objects. */
export function SceneView(props: SceneViewProps) {
  const { scene, state, setState, setQuietly, history, onError } = props;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const model = useObjectModel({ scene, state, size, onStep: history.push, onError });
  const draw = useDraw({
    model,
    places: state.places,
    onType: (objects) => setQuietly((before) => ({ ...before, objects })),
  });
  const onView = useCallback((view: View) => setState((before) => ({ ...before, view })), [setState]);
  const onPlace = useCallback(
    (axis: string, index: number) =>
      setState((before) => ({ ...before, places: { ...before.places, [axis]: index } })),
    [setState],
  );
  const whole = wholeView(scene, size);
  const view = state.view ?? whole;
  useKeyboard({ view, whole, scene, places: state.places, onView, onPlace });
  const parts = { ...props, model, draw, size, view, onView };
  return (
    <div className="scene">
      <div className="stage-column">
        <StageArea {...parts} frame={frame} onPlace={onPlace} />
        {state.isTableOpen && (
          <ObjectsDrawer
            {...{ model, state }}
            onChange={setState}
            onRow={(row) => model.table && onView(viewOfRow(model.table, row, { view, size }))}
          />
        )}
      </div>
      <aside aria-label="Controls">
        <Facts scene={scene} onWhole={() => onView(whole)} />
        <ImageChoice
          {...{ scene, state }}
          onImage={(image) => setState((before) => ({ ...before, image }))}
        />
        <SceneChannels {...{ scene, state, setState, setQuietly }} />
        {scene.experiment !== undefined && <ExperimentPanels {...parts} parts={scene.experiment.parts} />}
      </aside>
    </div>
  );
}

interface PartsProps extends SceneViewProps {
  readonly model: ObjectModel;
  readonly draw: Draw;
  readonly size: { readonly width: number; readonly height: number };
  readonly view: View;
  readonly onView: (view: View) => void;
}

interface StageAreaProps extends PartsProps {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly onPlace: (axis: string, index: number) => void;
}

/** The image with its objects, what is drawn over it, and sliders. */
function StageArea({
  scene,
  state,
  model,
  draw,
  size,
  view,
  onView,
  frame,
  onPlace,
  onError,
}: StageAreaProps) {
  const { drawn, look, table, select } = model;
  const layers = useMemo(() => (drawn ? objectLayers(drawn, look) : []), [drawn, look]);
  const choose = (place: readonly [number, number], pixel: number) => {
    const row = table?.rowOf.get((drawn && objectAt(drawn, place, pixel)) ?? -1);
    select(row === undefined ? [] : [row]);
  };
  return (
    <div className="frame" ref={frame}>
      {size.width > 0 && <StageView {...{ scene, state, size, layers, onView, onError }} onPlace={choose} />}
      {draw.tool !== "move" && draw.tool !== "edit" && (
        <DrawOverlay {...{ view, size, onView }} tool={draw.tool} onShape={draw.onShape} />
      )}
      {draw.edited !== undefined && (
        <VertexOverlay {...{ view, size }} geometry={draw.edited} onGeometry={draw.onGeometry} />
      )}
      <SliderPanel sliders={scene.sliders} places={state.places} onPlace={onPlace} />
    </div>
  );
}

type MapParts = NonNullable<Scene["experiment"]>["parts"];

/** What an experiment has beside an image: plates, map objects, jobs. */
function ExperimentPanels(props: PartsProps & { readonly parts: MapParts }) {
  const { parts, model, draw, state, setState, size, view, onView, onError } = props;
  return (
    <>
      <MapPlates parts={parts} at={view} onBox={(box) => onView(viewOfBox(box, size))} />
      <ObjectsPanel {...{ model, state }} onChange={setState} />
      <DrawPanel
        tool={draw.tool}
        onTool={draw.setTool}
        traits={draw.traits}
        onTraits={draw.setTraits}
        types={model.types.flatMap(({ name, refType }) => (refType === null ? [name] : []))}
        canEdit={draw.canEdit}
      />
      <SelectionPanel {...{ model, onError }} />
      <JobsPanel at={state.at} onError={onError} />
    </>
  );
}

/** A view in which an object is seen with what lies around it. */
function viewOfRow(
  { x, y, size: sizes }: ObjectTable,
  row: number,
  { view, size }: { readonly view: View; readonly size: { readonly width: number; readonly height: number } },
): View {
  const nearest = Math.log2(Math.min(size.width, size.height) / (6 * Math.max(8, sizes[row])));
  return { x: x[row], y: y[row], zoom: Math.max(view.zoom, nearest) };
}
