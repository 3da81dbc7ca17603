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
  /** Exposes; the image stays until the next call. @throws {VitrineError} busy: a sequence runs */
  snapImage(): Promise<void>;
  /** The image of the last `snapImage`, (height, width, channels). @throws {VitrineError} missing: nothing was snapped */
  getImage(): Promise<PixelImage>;
  /** The same with the camera's tags. @throws {VitrineError} missing */
  getTaggedImage(): Promise<TaggedImage>;
}

/** The methods of {@link SnapCore} for a microscope, each one exposure of one frame. @param requireIdle  throws while a sequence runs */
export function snapMethods(
  microscope: Pick<Microscope, "startExposure">,
  requireIdle: (at: string) => void,
): SnapCore {
  let last: TaggedImage | undefined;
  const snapped = () => {
    if (last !== undefined) return last;
    const hint = "Call snapImage() first";
    throw new VitrineError({ code: "missing", at: "getImage", expected: "an image", found: "none", hint });
  };
  return {
    snapImage: async () => {
      requireIdle("snapImage");
      const { frames } = await microscope.startExposure({ frames: 1 });
      for await (const frame of frames) {
        last = taggedImage(frame);
        frame.release();
      }
    },
    getImage: async () => snapped().pix,
    getTaggedImage: async () => snapped(),
  };
}

/** A copy of a frame with its tags. */
export function taggedImage(frame: Frame): TaggedImage {
  const { width, height, channels } = frame.layout;
  return { pix: { data: frame.copy(), width, height, channels }, tags: frame.metadata };
}
