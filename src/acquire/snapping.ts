import { VitrineError } from "../core/index.ts";
import type { JsonObject, PixelImage } from "../io/index.ts";
import type { Frame } from "./frames/frame.ts";
import type { Microscope } from "./microscope.ts";

/** An image with what the camera says of it, as MMCore's `getTaggedImage` gives it. */
export interface TaggedImage {
  readonly pix: PixelImage;
  readonly tags: JsonObject;
}

/** MMCore's methods for one image at a time, of the current camera. */
export interface SnapCore {
  /** Exposes; the images stay until the next call. @throws {VitrineError} busy: a sequence runs */
  snapImage(): Promise<void>;
  /**
   * The image of the last `snapImage`, (height, width, channels).
   *
   * @param cameraChannel  of a camera that gives several images (`getNumberOfCameraChannels`); the first where absent
   * @throws {VitrineError} missing: nothing was snapped, or not so many images
   */
  getImage(cameraChannel?: number): Promise<PixelImage>;
  /** The same with the camera's tags. @throws {VitrineError} missing */
  getTaggedImage(cameraChannel?: number): Promise<TaggedImage>;
}

/** The methods of {@link SnapCore} for a microscope, each one exposure of one frame. @param requireIdle  throws while a sequence runs */
export function snapMethods(
  microscope: Pick<Microscope, "startExposure">,
  requireIdle: (at: string) => void,
): SnapCore {
  let last: readonly TaggedImage[] = [];
  const snapped = (cameraChannel = 0) => {
    const image = last[cameraChannel];
    if (image !== undefined) return image;
    const isEmpty = last.length === 0;
    throw new VitrineError({
      code: "missing",
      at: "getImage",
      expected: isEmpty ? "an image" : `a camera channel from 0 to ${last.length - 1}`,
      found: isEmpty ? "none" : `${cameraChannel}`,
      ...(isEmpty && { hint: "Call snapImage() first" }),
    });
  };
  return {
    snapImage: async () => {
      requireIdle("snapImage");
      const { frames } = await microscope.startExposure({ frames: 1 });
      const images: TaggedImage[] = [];
      for await (const frame of frames) {
        images.push(taggedImage(frame));
        frame.release();
      }
      last = images;
    },
    getImage: async (cameraChannel) => snapped(cameraChannel).pix,
    getTaggedImage: async (cameraChannel) => snapped(cameraChannel),
  };
}

/** A copy of a frame with its tags. */
export function taggedImage(frame: Frame): TaggedImage {
  const { width, height, channels } = frame.layout;
  return { pix: { data: frame.copy(), width, height, channels }, tags: frame.metadata };
}
