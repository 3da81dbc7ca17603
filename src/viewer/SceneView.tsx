import { type RefObject, useCallback, useMemo, useRef } from "react";
import { ComparePanel, withPart } from "./compare/ComparePanel.tsx";
import { OverStage, SideStage } from "./compare/OtherStage.tsx";
import { type Compared, useCompared } from "./compare/useCompared.ts";
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
import { LabelsPanel } from "./labels/LabelsPanel.tsx";
import { useLabelLayers } from "./labels/useLabelLayers.ts";
import { objectAt } from "./objects/drawn.ts";
import { objectLayers } from "./objects/layers.ts";
import { isMany } from "./objects/look.ts";
import { ObjectsDrawer } from "./objects/ObjectsDrawer.tsx";
import { ObjectsPanel } from "./objects/ObjectsPanel.tsx";
import { usePicture } from "./objects/picture/usePicture.ts";
import { SelectionPanel } from "./objects/SelectionPanel.tsx";
import { type ObjectModel, useObjectModel } from "./objects/useObjectModel.ts";
import { useShownAnnotations } from "./objects/useObjectSource.ts";
import { wellMeans } from "./objects/wellMeans.ts";
import { Facts, ImageChoice } from "./panels/Facts.tsx";
import { JobsPanel } from "./panels/JobsPanel.tsx";
import { MapPlates, MeansLegend } from "./panels/PlatePanel.tsx";
import { RenamePanel } from "./panels/RenamePanel.tsx";
import { SceneChannels } from "./panels/SceneChannels.tsx";
import { SitePanel } from "./panels/SitePanel.tsx";
import { SliderPanel } from "./panels/SliderPanel.tsx";
import type { ExperimentFacts } from "./scene/api.ts";
import { type Scene, viewOfBox } from "./scene/scene.ts";

interface SceneViewProps {
  readonly scene: Scene;
  readonly state: ViewState;
  readonly setState: (change: (before: ViewState) => ViewState) => void;
  /** The same, as no step that is taken back. */
  readonly setQuietly: SceneViewProps["setState"];
  readonly history: History;
  /** Opens the scene anew. */
  readonly onAgain: () => void;
  readonly onError: (message: string) => void;
}

/** An image or the map of an experiment: stage, controls, table of objects. */
export function SceneView(props: SceneViewProps) {
  const { scene, state, setState, setQuietly, history, onError } = props;
  const frame = useRef<HTMLDivElement>(null);
  const size = useSize(frame);
  const model = useObjectModel({ scene, state, size, perform: history.perform, onError });
  useShownAnnotations(model.source, state, setQuietly);
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
  const compared = useCompared({ scene, state, setQuietly, onError });
  const parts = { ...props, model, draw, size, view, onView, compared };
  return (
    <div className="scene">
      <div className="stage-column">
        <StageArea {...parts} frame={frame} onPlace={onPlace} />
        {state.isTableOpen && (
          <ObjectsDrawer
            {...{ model, state }}
            onChange={setState}
            onRow={(row) => model.table && onView(viewOfRow(model, row, { view, size }))}
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
        <ComparePanel {...{ scene, state, compared, setState, setQuietly }} />
        <LabelsPanel {...{ scene, state, model }} onChange={setState} onQuietly={setQuietly} />
        {scene.experiment !== undefined && <ExperimentPanels {...parts} facts={scene.experiment} />}
        {scene.experiment === undefined && model.source.at !== undefined && <ObjectPanels {...parts} />}
      </aside>
    </div>
  );
}

interface PartsProps extends SceneViewProps {
  readonly model: ObjectModel;
  readonly draw: Draw;
  readonly compared: Compared | undefined;
  readonly size: { readonly width: number; readonly height: number };
  readonly view: View;
  readonly onView: (view: View) => void;
}

interface StageAreaProps extends PartsProps {
  readonly frame: RefObject<HTMLDivElement | null>;
  readonly onPlace: (axis: string, index: number) => void;
}

/** The image with its objects, what is drawn over it, what it is compared with, and sliders. */
function StageArea(props: StageAreaProps) {
  const { scene, state, setState, model, draw, compared, size, view, onView, frame, onPlace, onError } =
    props;
  const { drawn, look, table, select } = model;
  const { layers: labels, rowAt } = useLabelLayers({ scene, state, model, onError });
  const few = drawn === undefined || isMany(drawn) ? undefined : drawn;
  const objects = useMemo(() => (few ? objectLayers(few, look) : []), [few, look]);
  const picture = usePicture({ drawn: few === undefined ? drawn : undefined, look, view, size, onError });
  const choose = (place: readonly [number, number], pixel: number) => {
    if (rowAt !== undefined) {
      const choosing = rowAt(place).then((row) => select(row === undefined ? [] : [row]));
      choosing.catch((error: Error) => onError(error.message));
      return;
    }
    const row = table?.rowOf.get((drawn && objectAt(drawn, place, pixel)) ?? -1);
    select(row === undefined ? [] : [row]);
  };
  const mode = compared?.compare.mode;
  const layers = [...labels, ...objects, ...picture.layers];
  return (
    <div className={mode === "side" ? "frame side" : "frame"}>
      <div className="stage-cell" ref={frame} aria-busy={picture.isPainting}>
        {size.width > 0 && (
          <StageView {...{ scene, state, size, layers, onView, onError }} onPlace={choose} />
        )}
        {compared !== undefined && mode !== "side" && size.width > 0 && (
          <OverStage
            {...{ compared, size, onError }}
            onPart={(part) => setState((before) => withPart(before, part))}
          />
        )}
        {draw.tool !== "move" && draw.tool !== "edit" && (
          <DrawOverlay {...{ view, size, onView }} tool={draw.tool} onShape={draw.onShape} />
        )}
        {draw.edited !== undefined && (
          <VertexOverlay {...{ view, size }} geometry={draw.edited} onGeometry={draw.onGeometry} />
        )}
      </div>
      {compared !== undefined && mode === "side" && <SideStage {...{ compared, onView, onError }} />}
      <SliderPanel sliders={scene.sliders} places={state.places} onPlace={onPlace} />
    </div>
  );
}

/** What an experiment has beside an image: plates, map objects, jobs. */
function ExperimentPanels(props: PartsProps & { readonly facts: ExperimentFacts }) {
  const { scene, facts, model, state, size, view, onView, onError } = props;
  const { setQuietly, history, onAgain } = props;
  const { parts } = facts;
  const { table, values, brush } = model;
  const { feature } = state;
  const means = useMemo(() => {
    const column = feature === undefined ? undefined : values.get(feature);
    if (feature === undefined || column === undefined || table === undefined) return undefined;
    return wellMeans({ feature, values: column, table, wells: parts.wells, rows: brush });
  }, [feature, values, table, parts, brush]);
  return (
    <>
      <MapPlates parts={parts} at={view} means={means} onBox={(box) => onView(viewOfBox(box, size))} />
      {means !== undefined && <MeansLegend means={means} />}
      <SitePanel {...{ scene, facts, state, onError }} at={view} />
      <ObjectPanels {...props} />
      <RenamePanel
        {...{ facts, state, setQuietly, history, onError }}
        types={model.types}
        onRenamed={onAgain}
      />
      <JobsPanel at={state.at} onError={onError} />
    </>
  );
}

/** What can be done with objects: of an experiment, drawn over an image, of its labels. */
function ObjectPanels({ model, draw, state, setState, onError }: PartsProps) {
  const types = model.types.flatMap(({ name, refType }) => (refType === null ? [name] : []));
  return (
    <>
      <ObjectsPanel {...{ model, state }} onChange={setState} />
      <DrawPanel
        tool={draw.tool}
        onTool={draw.setTool}
        traits={draw.traits}
        onTraits={draw.setTraits}
        types={model.source.facts === undefined ? types : undefined}
        canDraw={draw.canDraw}
        canEdit={draw.canEdit}
      />
      <SelectionPanel {...{ model, onError }} />
    </>
  );
}

/** A view in which an object is seen with what lies around it. */
function viewOfRow(
  { table, source }: ObjectModel,
  row: number,
  { view, size }: { readonly view: View; readonly size: { readonly width: number; readonly height: number } },
): View {
  const { x, y, size: sizes } = table!;
  // how large a label is, nobody measured
  if (source.isOfLabels) return { x: x[row], y: y[row], zoom: view.zoom };
  const nearest = Math.log2(Math.min(size.width, size.height) / (6 * Math.max(8, sizes[row])));
  return { x: x[row], y: y[row], zoom: Math.max(view.zoom, nearest) };
}
