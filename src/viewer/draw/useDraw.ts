import { useEffect, useState } from "react";
import type { Geometry, Outline, Position } from "../objects/edits.ts";
import type { ObjectModel } from "../objects/useObjectModel.ts";
import { askJson } from "../scene/api.ts";
import type { Places } from "../scene/scene.ts";
import { placesWithin } from "../widgets/rings.ts";
import { type DrawnTraits, FIRST_TRAITS } from "./DrawPanel.tsx";
import { ellipseOf, lineOf, polygonOf, rectangleOf, type Tool } from "./shapes.ts";

interface DrawOptions {
  readonly model: ObjectModel;
  readonly places: Places;
  /** Shows the type of what was drawn. */
  readonly onType: (type: string) => void;
}

/** What {@link useDraw} gives. */
export type Draw = ReturnType<typeof useDraw>;

/** The tool that the pointer has, and what it does: selects objects, draws new ones, changes the outline of the chosen one. */
export function useDraw({ model, places, onType }: DrawOptions) {
  const [chosenTool, setTool] = useState<Tool>("move");
  const [traits, setTraits] = useState<DrawnTraits>(FIRST_TRAITS);
  const { table, select, edit } = model;
  const { source } = model;
  const canDraw = source.at !== undefined && !source.isOfLabels && (source.facts?.locked ?? null) === null;
  const canEdit = canDraw && model.chosen !== undefined && model.own?.refType === null;
  // of an image there is one type, which the server names
  const type = source.facts === undefined ? traits.type : FIRST_TRAITS.type;
  const tool = chosenTool === "edit" && !canEdit ? "move" : chosenTool;
  const outlines = useOutlines(model, tool === "edit" ? model.chosen : undefined);

  const onShape = async (drawn: readonly Position[], isAdded: boolean) => {
    if (tool === "lasso" || tool === "box") {
      const ring = tool === "box" && drawn.length > 1 ? boxRing(drawn) : drawn.flat();
      if (table)
        select(
          placesWithin(ring, table.ids.length, (i) => [table.x[i], table.y[i]]),
          isAdded,
        );
      return;
    }
    const geometry = geometryOf(tool, drawn, traits);
    if (geometry === undefined) return;
    const done = await edit({
      type,
      add: [{ ...traitsOf(traits), segmentations: [{ geometry }] }],
    });
    if (done !== undefined) onType(type);
  };
  const shown = outlines?.find((outline) => isShown(outline, places));
  const onGeometry = (geometry: Geometry) => {
    if (outlines === undefined || model.chosen === undefined || model.own === undefined) return;
    const segmentations = outlines.map((outline) => (outline === shown ? { ...outline, geometry } : outline));
    void edit({ type: model.own.name, change: [{ id: model.chosen, segmentations }] });
  };
  return { tool, setTool, traits, setTraits, canDraw, canEdit, onShape, edited: shown?.geometry, onGeometry };
}

function boxRing([[x1, y1], [x2, y2]]: readonly Position[]): number[] {
  return [x1, y1, x2, y1, x2, y2, x1, y2];
}

function geometryOf(
  tool: Tool,
  drawn: readonly Position[],
  { lineWidthPx }: DrawnTraits,
): Geometry | undefined {
  if (drawn.length === 0) return undefined;
  const rounded = drawn.map(([x, y]) => [Number(x.toFixed(3)), Number(y.toFixed(3))] as const);
  if (tool === "point") return { type: "Point", coordinates: rounded[0] };
  if (tool === "polygon") return polygonOf(rounded);
  if (tool === "ellipse") return ellipseOf(rounded[0], rounded[1]);
  return tool === "line" ? lineOf(rounded[0], rounded[1], lineWidthPx) : rectangleOf(rounded[0], rounded[1]);
}

function traitsOf({ name, className }: DrawnTraits) {
  return {
    objectType: "annotation" as const,
    ...(name.trim() !== "" && { name: name.trim() }),
    ...(className.trim() !== "" && { className: className.trim() }),
  };
}

function isShown({ timepoint, zplane }: Outline, { time = 0, z = 0 }: Places): boolean {
  return (timepoint === undefined || timepoint === time) && (zplane === undefined || zplane === z);
}

/** All outlines of an object. */
function useOutlines({ at, revision }: ObjectModel, id: number | undefined): readonly Outline[] | undefined {
  const [outlines, setOutlines] = useState<readonly Outline[]>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: another revision is asked anew
  useEffect(() => {
    setOutlines(undefined);
    if (id === undefined) return;
    const gone = new AbortController();
    askJson<{ readonly segmentations: readonly KeptOutline[] }>(
      "experiment/object",
      { at, id },
      gone.signal,
    ).then(
      ({ segmentations }) => setOutlines(segmentations.map(outlineOf)),
      () => {}, // the panel of the object says so
    );
    return () => gone.abort();
  }, [at, id, revision]);
  return outlines;
}

interface KeptOutline {
  readonly timepoint: number | null;
  readonly zplane: number | null;
  readonly label: number | null;
  readonly geometry: Geometry;
  readonly nucleus: Geometry | null;
}

function outlineOf({ timepoint, zplane, label, geometry, nucleus }: KeptOutline): Outline {
  return {
    ...(timepoint !== null && { timepoint }),
    ...(zplane !== null && { zplane }),
    ...(label !== null && { label }),
    geometry,
    ...(nucleus !== null && { nucleus }),
  };
}
