import { useCallback, useState } from "react";
import { EMPTY_PLAN, type PlanForm } from "./planForm.ts";

/** The plan that is being built stays while other things are looked at. */
let kept = EMPTY_PLAN;

/** The form of the plan, and its change. */
export function usePlanForm() {
  const [form, setForm] = useState(kept);
  const change = useCallback((some: Partial<PlanForm>) => {
    kept = { ...kept, ...some };
    setForm(kept);
  }, []);
  return [form, change] as const;
}
