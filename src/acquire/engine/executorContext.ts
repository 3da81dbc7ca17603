import type { Clock } from "../clock.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Microscope } from "../microscope.ts";
import type { EventGroup } from "./eventQueue.ts";
import type { HookContext } from "./hooks.ts";
import type { AcquisitionNotification, Milestone } from "./notification.ts";
import type { FrameItem } from "./pipeline.ts";
import type { WatchdogTimes } from "./watchdog.ts";

/** What running events needs of the acquisition. */
export interface ExecutorContext {
  readonly microscope: Microscope;
  readonly clock: Clock;
  readonly hooks: HookContext;
  readonly watchdogMs: WatchdogTimes;
  /** Aborted: nothing more is started, and a running exposure ends. */
  readonly signal: AbortSignal;
  readonly notify: (milestone: Milestone, payload: AcquisitionNotification["payload"]) => void;
  /** Each event before anything is done with it. */
  readonly onEvent: (event: AcquisitionEvent) => AcquisitionEvent;
  /** Takes a frame; false once no more is taken. */
  readonly emit: (item: FrameItem) => Promise<boolean>;
  /** Does something once all images of the frames so far are saved and told of. */
  readonly afterImages: (act: () => void) => Promise<void>;
  /** All that comes of a group of events has come. */
  readonly onGroupEnd: (group: EventGroup) => void;
}
