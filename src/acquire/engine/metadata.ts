import type { ImageLayout, JsonObject, PixelType } from "../../io/index.ts";
import type { AcquisitionEvent } from "../events/event.ts";
import type { Frame } from "../frames/frame.ts";
import type { MicroscopeCore } from "../microscope.ts";

/** An image's metadata as a processor gets it: plain, and its own to change. */
export interface ImageMetadata {
  /** Where the image is saved, such as `{ time: 3, channel: "DAPI" }`. */
  Axes: Record<string, number | string>;
  /** Micro-Manager's keys and the processors' own. */
  [key: string]: unknown;
}

/** What an image's metadata need beyond its frame and its event. */
export interface MetadataContext {
  /** ms since the first image. */
  readonly elapsedMs: number;
  /** µm per pixel; 0 where unknown. */
  readonly pixelSizeUm: number;
  /** ms, where neither the event nor the frame says. */
  readonly exposureMs: number;
}

/**
 * The metadata of a frame: what the camera says of it, then what the acquisition knows, in Micro-Manager's keys.
 *
 * Differences from Pycro-Manager's Python backend: numbers are numbers, snaps have the same keys as sequences, `Channel` is there
 * where the event names one, and the event's tags are under `tags`.
 */
export function frameMetadata(
  frame: Frame,
  event: AcquisitionEvent,
  context: MetadataContext,
): ImageMetadata {
  const { layout, metadata: ofCamera } = frame;
  const metadata: ImageMetadata = {
    ...structuredClone(ofCamera),
    Camera: frame.camera,
    Width: layout.width,
    Height: layout.height,
    PixelType: pixelTypeName(layout),
    BitDepth: frame.bitDepth,
    "ElapsedTime-ms": context.elapsedMs,
    Time: new Date().toISOString(),
    PixelSize_um: context.pixelSizeUm,
    Exposure: event.exposure ?? ofCamera.Exposure ?? context.exposureMs,
    Axes: { ...event.axes },
  };
  const channel = channelOf(event);
  if (channel !== undefined) metadata.Channel = channel;
  return Object.assign(
    metadata,
    positionsOf(event),
    event.tags === undefined ? {} : { tags: { ...event.tags } },
  );
}

/** The channel's name: useq and others number their axes, and the preset says what the number means. */
function channelOf({
  axes: { channel },
  config_group: preset,
}: AcquisitionEvent): string | number | undefined {
  return typeof channel === "string" ? channel : (preset?.[1] ?? channel);
}

function positionsOf(event: AcquisitionEvent): Readonly<Record<string, unknown>> {
  const positions: Record<string, unknown> = {};
  if (event.x !== undefined) positions.XPosition_um_Intended = event.x;
  if (event.y !== undefined) positions.YPosition_um_Intended = event.y;
  if (event.z !== undefined) positions.ZPosition_um_Intended = event.z;
  const { position } = event.axes;
  const name = event.pos_name ?? (typeof position === "string" ? position : undefined);
  if (name !== undefined) positions.PositionName = name;
  for (const [device, um] of event.stage_positions ?? []) positions[`${device}Position_um_Intended`] = um;
  return positions;
}

const GREY_NAMES: Partial<Record<PixelType, string>> = { uint8: "GRAY8", uint16: "GRAY16" };

/** Micro-Manager's name of a pixel type where it has one, else numpy's. */
export function pixelTypeName({ dtype, channels }: Pick<ImageLayout, "dtype" | "channels">): string {
  if (channels === 1) return GREY_NAMES[dtype] ?? dtype;
  return dtype === "uint8" && channels === 3 ? "RGB32" : `${dtype}x${channels}`;
}

/** What is saved once for all images, in Micro-Manager's keys. */
export async function summaryMetadata(core: MicroscopeCore, name: string | undefined): Promise<JsonObject> {
  const [camera, xyStage, focus, autofocus, slm] = await Promise.all([
    core.getCameraDevice(),
    core.getXYStageDevice(),
    core.getFocusDevice(),
    core.getAutoFocusDevice(),
    core.getSLMDevice(),
  ]);
  const bitDepth = await core.getImageBitDepth();
  return {
    DateAndTime: new Date().toISOString(),
    PixelType: bitDepth > 8 ? "GRAY16" : "GRAY8",
    BitDepth: bitDepth,
    PixelSize_um: await core.getPixelSizeUm(),
    "Core-Camera": camera,
    "Core-XYStage": xyStage,
    "Core-Focus": focus,
    "Core-Autofocus": autofocus,
    "Core-SLM": slm,
    ...(name === undefined ? {} : { Prefix: name }),
  };
}
