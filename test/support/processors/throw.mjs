// Fails at time point 3 in the way that the event's tags ask for.
import { VitrineError } from "vitrine/core";

class BrokenLensError extends RangeError {}

const ways = {
  type: () => {
    throw new TypeError("not this type");
  },
  async: async () => {
    await null;
    throw new Error("later", { cause: new TypeError("before") });
  },
  custom: () => {
    throw new BrokenLensError("own class");
  },
  vitrine: () => {
    throw new VitrineError({ code: "shape", at: "mine", expected: "this", found: "that" });
  },
  text: () => {
    throw "only text";
  },
  metadata: (image, metadata) => [image, { ...metadata, callback: () => {} }],
  exit: () => process.exit(3),
  never: () => new Promise(() => {}),
};

export default function fail(image, metadata) {
  if (metadata.Axes.time === 3) return ways[metadata.tags.way](image, metadata);
  return [image, metadata];
}
