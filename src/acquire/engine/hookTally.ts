import type { AcquisitionEvent } from "../events/event.ts";

/** A hook, by the key of `AcquisitionHooks`. */
export type HookName = "eventGeneration" | "preHardware" | "preZ" | "postHardware" | "postCamera";

/** What one hook has done. */
export interface HookReport {
  readonly hook: HookName;
  readonly calls: number;
  /** Calls after which nothing was acquired. */
  readonly cancelled: number;
  /** Calls that returned other events than they were given, or more of them. */
  readonly changed: number;
  /** Together, ms. */
  readonly totalMs: number;
}

/** Counts what hooks do. */
export class HookTally {
  readonly #reports = new Map<HookName, HookReport>();

  /** One more call. */
  note(
    hook: HookName,
    {
      given,
      answer,
      ms,
    }: {
      readonly given: readonly AcquisitionEvent[];
      readonly answer: readonly AcquisitionEvent[];
      readonly ms: number;
    },
  ): void {
    const before = this.#reports.get(hook) ?? { hook, calls: 0, cancelled: 0, changed: 0, totalMs: 0 };
    const isCancelled = answer.length === 0;
    const isChanged = !isCancelled && answer !== given && JSON.stringify(answer) !== JSON.stringify(given);
    this.#reports.set(hook, {
      hook,
      calls: before.calls + 1,
      cancelled: before.cancelled + (isCancelled ? 1 : 0),
      changed: before.changed + (isChanged ? 1 : 0),
      totalMs: before.totalMs + ms,
    });
  }

  /** Of the hooks that were called. */
  reports(): HookReport[] {
    return [...this.#reports.values()];
  }
}
