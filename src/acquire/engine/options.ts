import type { Durability, JsonObject, PixelImage } from "../../io/index.ts";
import type { Clock } from "../clock.ts";
import type { Microscope } from "../microscope.ts";
import type { ForeignProcessor, ImageProcessor, ProcessorModule } from "../processors/processor.ts";
import type { AcquisitionHooks } from "./hooks.ts";
import type { ImageMetadata } from "./metadata.ts";
import type { AcquisitionNotification } from "./notification.ts";
import type { ImageSaved } from "./saving.ts";
import type { TilingOptions } from "./tiling.ts";
import type { WatchdogTimes } from "./watchdog.ts";

/** Options of an acquisition that keeps its images. */
export type SavingOptions = AcquisitionOptions &
  ({ readonly directory: string; readonly name: string } | { readonly save: "memory" });

/** How an acquisition runs and what becomes of its images. */
export interface AcquisitionOptions {
  /** Stays open: whoever opened it closes it. */
  readonly microscope: Microscope;
  /** Where the folder `name_N` is made, N one above the largest that is there. With `name`; without it nothing is saved. */
  readonly directory?: string;
  /** Of the acquisition; alone, as Pycro-Manager allows, it saves nothing. */
  readonly name?: string;
  /** Keep the images in memory instead. */
  readonly save?: "memory";
  /** Default ndtiff; ome-zarr takes every pixel type. */
  readonly format?: "ndtiff" | "ome-zarr";
  /**
   * What saved images outlive: "power" (default) a power cut but for the last 100 ms, "process" whatever ends the program, for cameras
   * that are faster than the disk syncs.
   */
  readonly durability?: Durability;
  /** Sees every image before anybody else: a function, a module for threads of its own, or a processor in another process. */
  readonly imageProcessor?: ImageProcessor | ProcessorModule | ForeignProcessor;
  /** Called for each image once it can be read from the dataset. */
  readonly imageSaved?: ImageSaved;
  readonly hooks?: AcquisitionHooks;
  /** Told of everything that happens, in its order. A promise that it returns holds nothing up; its failure stops the acquisition. */
  readonly onNotification?: (notification: AcquisitionNotification) => unknown;
  /** Sees every processed image on its way; the pixels are there until it has ended, and not to be changed. */
  readonly onImage?: (image: PixelImage, metadata: ImageMetadata) => unknown;
  /** Joined to the dataset's summary. */
  readonly summaryMetadata?: JsonObject;
  /** Tiles of a large field: events with the axes row and column, a pyramid on disk. */
  readonly tiling?: TilingOptions;
  /** Default: the system's time. */
  readonly clock?: Clock;
  readonly watchdogMs?: Partial<WatchdogTimes>;
}
