import type { Axes } from "../../io/index.ts";

/** What can happen, by kind; names as in Pycro-Manager's `AcqNotification`. */
export const MILESTONES = {
  global: ["acq_started", "acq_events_finished"],
  hardware: ["pre_hardware", "pre_z_drive", "post_hardware"],
  camera: ["pre_snap", "post_snap", "pre_sequence_started", "post_sequence_stopped"],
  image: ["image_saved", "data_sink_finished"],
} as const;

export type NotificationType = keyof typeof MILESTONES;
export type Milestone = (typeof MILESTONES)[NotificationType][number];

/** One thing that happened during an acquisition. */
export interface AcquisitionNotification {
  readonly type: NotificationType;
  readonly milestone: Milestone;
  /** Axes of the event or image; of all events of a hardware sequence; null for the acquisition itself. */
  readonly payload: Axes | readonly Axes[] | null;
}

const TYPES = new Map<Milestone, NotificationType>(
  Object.entries(MILESTONES).flatMap(([type, names]) =>
    names.map((name) => [name, type as NotificationType] as const),
  ),
);

/** The notification of a milestone. */
export function notificationOf(
  milestone: Milestone,
  payload: AcquisitionNotification["payload"] = null,
): AcquisitionNotification {
  return { type: TYPES.get(milestone) ?? "global", milestone, payload };
}
