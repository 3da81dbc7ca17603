import { refuseUnknownKeys } from "../../io/index.ts";
import type { ProcessorModule } from "../processors/processor.ts";
import type { AcquisitionHooks } from "./hooks.ts";
import type { AcquisitionOptions } from "./options.ts";
import type { TilingOptions } from "./tiling.ts";
import type { WatchdogTimes } from "./watchdog.ts";

/** Every key of a type, which the compiler counts. */
type KeysOf<T> = Readonly<Record<keyof T, true>>;

const OPTIONS: KeysOf<AcquisitionOptions> = {
  microscope: true,
  directory: true,
  name: true,
  save: true,
  format: true,
  durability: true,
  imageProcessor: true,
  imageSaved: true,
  hooks: true,
  onNotification: true,
  onImage: true,
  summaryMetadata: true,
  tiling: true,
  clock: true,
  watchdogMs: true,
};
const HOOKS: KeysOf<AcquisitionHooks> = {
  eventGeneration: true,
  preHardware: true,
  preZ: true,
  postHardware: true,
  postCamera: true,
};
const TILING: KeysOf<TilingOptions> = {
  overlapPx: true,
  maxLevel: true,
  first: true,
  affine: true,
  originUm: true,
};
const WATCHDOG: KeysOf<WatchdogTimes> = {
  hardware: true,
  camera: true,
  hook: true,
  processor: true,
  saving: true,
};
const MODULE: KeysOf<ProcessorModule> = { module: true, workers: true };

/** Pycro-Manager's names of what has another name here. */
const PEER_NAMES: Readonly<Record<string, string>> = {
  image_process_fn: "imageProcessor",
  image_saved_fn: "imageSaved",
  notification_callback_fn: "onNotification",
  event_generation_hook_fn: "hooks.eventGeneration",
  pre_hardware_hook_fn: "hooks.preHardware",
  before_z_hook_fn: "hooks.preZ",
  post_hardware_hook_fn: "hooks.postHardware",
  post_camera_hook_fn: "hooks.postCamera",
  tile_overlap: "tiling.overlapPx",
  max_multi_res_index: "tiling.maxLevel",
  timeout: "watchdogMs",
  saving_queue_size: "watchdogMs",
};

/** @throws {VitrineError} format: a key that no option has, with the nearest one that has it */
export function checkAcquisitionOptions(options: AcquisitionOptions): void {
  const at = "Acquisition.open options";
  refuseUnknownKeys(options, { known: Object.keys(OPTIONS), at, others: PEER_NAMES });
  const { hooks, tiling, watchdogMs, imageProcessor } = options;
  if (hooks !== undefined)
    refuseUnknownKeys(hooks, { known: Object.keys(HOOKS), at: `${at} hooks`, others: HOOK_NAMES });
  if (tiling !== undefined) refuseUnknownKeys(tiling, { known: Object.keys(TILING), at: `${at} tiling` });
  if (watchdogMs !== undefined)
    refuseUnknownKeys(watchdogMs, { known: Object.keys(WATCHDOG), at: `${at} watchdogMs` });
  // a processor elsewhere may be an object of any class
  if (typeof imageProcessor === "object" && "module" in imageProcessor)
    refuseUnknownKeys(imageProcessor, { known: Object.keys(MODULE), at: `${at} imageProcessor` });
}

const HOOK_NAMES: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(PEER_NAMES)
    .filter(([, name]) => name.startsWith("hooks."))
    .map(([peer, name]) => [peer, name.replace("hooks.", "")]),
);
