import { VitrineError } from "../../../core/index.ts";
import type { PositionSettings, SequenceSettings } from "./schema.ts";

/**
 * Refuses what useq refuses: plans that contradict each other.
 *
 * @throws {VitrineError} format: an axis named twice; z before p where a position has a z plan of its own; stage positions or
 *   `keep_shutter_open_across` in a position's sequence; autofocus with absolute z
 * Source: useq-schema 0.9.2, `MDASequence._validate_mda`.
 */
export function checkSequence(settings: SequenceSettings, at: string): void {
  const order = settings.axis_order ?? ["t", "p", "g", "c", "z"];
  if (new Set(order).size < order.length) {
    throw contradiction(`${at} axis_order`, "each axis at most once", order.join(""));
  }
  const positions = positionsOf(settings);
  checkZ(settings, positions, { order: order.join(""), at });
  for (const [i, { sequence }] of positions.entries()) {
    const where = `${at} stage_positions[${i}] sequence`;
    if (sequence?.keep_shutter_open_across?.length) {
      const expected = "keep_shutter_open_across on the whole sequence only";
      throw contradiction(`${where} keep_shutter_open_across`, expected, "it on a position");
    }
    if (order.includes("p") && hasPositions(sequence)) {
      throw contradiction(`${where} stage_positions`, "no positions in a position's sequence", "some");
    }
  }
}

function checkZ(
  { z_plan: zPlan, autofocus_plan: autofocus }: SequenceSettings,
  positions: readonly PositionSettings[],
  { order, at }: { order: string; at: string },
): void {
  if (zPlan == null || !order.includes("z")) return;
  const some = (key: "z_plan" | "autofocus_plan") =>
    positions.some(({ sequence }) => sequence?.[key] != null);
  if (order.includes("p") && order.indexOf("z") < order.indexOf("p") && some("z_plan")) {
    throw contradiction(`${at} axis_order`, "p before z, since a position has its own z_plan", order);
  }
  const isAbsolute = "top" in zPlan || "absolute" in zPlan;
  if (isAbsolute && (autofocus != null || some("autofocus_plan"))) {
    throw contradiction(
      `${at} z_plan`,
      "a relative z plan, since there is an autofocus plan",
      "an absolute one",
    );
  }
}

function positionsOf({ stage_positions: positions = [] }: SequenceSettings): readonly PositionSettings[] {
  return "plate" in positions ? [] : positions;
}

function hasPositions(sequence: SequenceSettings | null | undefined): boolean {
  const positions = sequence?.stage_positions ?? [];
  return "plate" in positions || positions.length > 0;
}

function contradiction(at: string, expected: string, found: string): VitrineError {
  return new VitrineError({ code: "format", at, expected, found });
}
