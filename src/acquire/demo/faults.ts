import { refused } from "./devices.ts";
import type { DemoFault } from "./options.ts";

/** Counts what devices are asked to do and fails where that was ordered. */
export class DeviceFaults {
  readonly #faults: readonly DemoFault[];
  readonly #writes = new Map<string, number>();
  #moves = 0;
  #focusRuns = 0;

  constructor(faults: readonly DemoFault[]) {
    this.#faults = faults;
  }

  /** Counts a move; true where the stage must not arrive. @throws {VitrineError} device: ordered */
  move(stage: string): boolean {
    const move = this.#moves++;
    for (const fault of this.#faults) {
      if (fault.kind === "stageTimeout" && fault.move === move) return true;
      if (fault.kind === "stageError" && isDue(move, fault.move, fault.times))
        throw refused(stage, "to move", `a failure of the stage at move ${move}`);
    }
    return false;
  }

  /** @throws {VitrineError} device: ordered */
  write(device: string, property: string): void {
    const key = JSON.stringify([device, property]);
    const write = this.#writes.get(key) ?? 0;
    this.#writes.set(key, write + 1);
    for (const fault of this.#faults) {
      if (fault.kind !== "propertyError" || fault.device !== device || fault.property !== property) continue;
      if (isDue(write, fault.write, fault.times))
        throw refused(`${device} ${property}`, "to be set", `a failure of the device at write ${write}`);
    }
  }

  /** @throws {VitrineError} device: ordered */
  focus(device: string): void {
    const run = this.#focusRuns++;
    for (const fault of this.#faults) {
      if (fault.kind === "autofocusError" && isDue(run, fault.run, fault.times))
        throw refused(device, "a sharp plane", `none at run ${run}`);
    }
  }
}

function isDue(count: number, first: number, times: number): boolean {
  return count >= first && count < first + times;
}
