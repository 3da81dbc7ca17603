import { useEffect, useState } from "react";
import { type PlanForm, planOf } from "./planForm.ts";

/** What a plan will do. */
export interface Planned {
  readonly events: number;
  /** Images take so long at least, s. */
  readonly seconds: number;
  /** Places of the stage, in their order, the first ones. */
  readonly tiles: readonly (readonly [xUm: number, yUm: number])[];
  /** What is wrong with it; the rest is of no plan then. */
  readonly error?: string;
  /** More events than were counted. */
  readonly isMore: boolean;
}

/** Events that are looked at: of a longer plan the first. */
const LOOKED_AT = 200_000;
/** Places that are drawn. */
const MOST_TILES = 2000;
/** Time in which nothing changes before a plan is looked at, ms. */
const STILL_MS = 200;

/** Looks at the plan with the parser that runs it. @param fieldUm  what the camera sees; null: not known */
export function usePlanned(form: PlanForm, fieldUm: readonly [number, number] | null): Planned | undefined {
  const [planned, setPlanned] = useState<Planned>();
  const key = JSON.stringify(fieldUm);
  useEffect(() => {
    let isGone = false;
    const timer = setTimeout(() => {
      plannedOf(form, JSON.parse(key)).then((next) => {
        if (!isGone) setPlanned(next);
      });
    }, STILL_MS);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [form, key]);
  return planned;
}

async function plannedOf(form: PlanForm, fieldUm: readonly [number, number] | null): Promise<Planned> {
  // the parsers of plans are loaded by those who plan
  const { parsePlan } = await import("../../acquire/index.ts");
  const places = new Map<string, readonly [number, number]>();
  let [events, milliseconds, startS] = [0, 0, 0];
  try {
    const plan = JSON.parse(JSON.stringify(planOf(form)));
    for (const event of parsePlan(plan, "plan", fieldUm === null ? {} : { fieldUm })) {
      if (event.no_image || events === LOOKED_AT) break;
      events++;
      milliseconds += event.exposure ?? 0;
      startS = Math.max(startS, event.min_start_time ?? 0);
      const { x, y } = event;
      if (x !== undefined && y !== undefined && places.size < MOST_TILES) places.set(`${x} ${y}`, [x, y]);
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return { events: 0, seconds: 0, tiles: [], isMore: false, error: text };
  }
  const seconds = Math.max(milliseconds / 1000, startS);
  return { events, seconds, tiles: [...places.values()], isMore: events === LOOKED_AT };
}
