import type { Exposure, ExposureRequest, Frame, Microscope } from "../../src/acquire/index.ts";
import type { JsonObject, PixelArray } from "../../src/io/index.ts";

/** A frame whose slot was given back. */
export interface TakenFrame {
  readonly index: number;
  readonly camera: string;
  readonly metadata: JsonObject;
  readonly pixels: PixelArray;
}

/** Copies a frame and releases it. */
export function takeFrame(frame: Frame): TakenFrame {
  const { index, camera, metadata } = frame;
  const pixels = frame.copy();
  frame.release();
  return { index, camera, metadata, pixels };
}

/** All frames of an exposure. */
export async function takeAll(exposure: Exposure): Promise<TakenFrame[]> {
  const frames: TakenFrame[] = [];
  for await (const frame of exposure.frames) frames.push(takeFrame(frame));
  return frames;
}

/** Exposes and takes all frames. */
export async function acquireAll(microscope: Microscope, request: ExposureRequest): Promise<TakenFrame[]> {
  return takeAll(await microscope.startExposure(request));
}

/** The pixels of one snap. */
export async function snap(microscope: Microscope): Promise<PixelArray> {
  const [frame] = await acquireAll(microscope, { frames: 1 });
  return frame.pixels;
}

/** Moves the stage and waits for it. */
export async function moveTo({ core }: Microscope, xUm: number, yUm: number): Promise<void> {
  await core.setXYPosition(xUm, yUm);
  await core.waitForDevice(await core.getXYStageDevice());
}

/** Moves the focus drive and waits for it. */
export async function focusAt({ core }: Microscope, zUm: number): Promise<void> {
  const drive = await core.getFocusDevice();
  await core.setPosition(drive, zUm);
  await core.waitForDevice(drive);
}

/** Mean and variance. */
export function momentsOf(values: ArrayLike<number>): { mean: number; variance: number } {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] - mean) ** 2;
  return { mean, variance: squares / values.length };
}
