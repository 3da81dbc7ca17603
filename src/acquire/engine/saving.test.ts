import { expect, test } from "vitest";
import { type Axes, createMemoryDataset, type DatasetWriter } from "../../io/index.ts";
import { SavingStage } from "./saving.ts";
import { SharedImage } from "./sharedImage.ts";

test("nobody is told of an image that is saved after one that is not", async () => {
  const { dataset } = createMemoryDataset();
  const full = new Error("no space left on device");
  // the third image fits where the second, larger one did not
  const writer: Pick<DatasetWriter, "put" | "dataset"> = {
    dataset,
    put: async ({ axes }) => {
      if (axes.time === 1) throw full;
    },
  };
  const [saved, failures]: [Axes[], unknown[]] = [[], []];
  const stage = new SavingStage({
    writer: writer as DatasetWriter,
    imageSaved: undefined,
    eventQueue: { put: () => {} },
    limitMs: 1000,
    onSaved: (axes) => saved.push(axes),
    onFailure: (error) => failures.push(error),
  });
  const pixels = { data: new Uint8Array(1), width: 1, height: 1, channels: 1 };
  const images = [0, 1, 2].map((time) => new SharedImage({ image: pixels, metadata: { Axes: { time } } }));
  await Promise.all(images.map((image) => stage.accept(image)));
  await stage.drain();
  await stage.close();
  expect(saved).toEqual([{ time: 0 }]);
  expect(failures).toEqual([full]);
});
