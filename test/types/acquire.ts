import {
  Acquisition,
  type AcquisitionEvent,
  type AcquisitionHooks,
  type AcquisitionOptions,
  eachEvent,
  type ImageProcessor,
  multiDAcquisitionEvents,
  openDemoMicroscope,
} from "vitrine/acquire";

// What people write who come from Pycro-Manager, without a cast; `acquireTypes.test.ts` compiles it under stricter rules too.

const microscope = await openDemoMicroscope();

/** Keeps every second image and sorts the rest by its time. */
const imageProcessor: ImageProcessor = (image, metadata, eventQueue) => {
  if (metadata.Axes.time === 9) eventQueue.put(null);
  if (Number(metadata.Axes.time) % 2 === 1) return;
  metadata.Axes.half = "even";
  image.data.fill(0, 0, image.width);
  return [image, { ...metadata, mean: image.data[0], Axes: { ...metadata.Axes, seen: 1 } }];
};

const seen: (string | number | undefined)[] = [];
const hooks: AcquisitionHooks = {
  eventGeneration: (event) => (event.axes.time === 3 ? null : { ...event, exposure: 5 }),
  preHardware: (event) => {
    if (Array.isArray(event)) seen.push(...event.map(({ axes }) => axes.time));
    else seen.push(event.axes.time);
    return event;
  },
  postHardware: eachEvent((event) => ({ ...event, tags: { z: String(event.axes.z) } })),
  postCamera: async (event, eventQueue) => {
    for (const { axes } of [event].flat()) if (axes.time === 5) eventQueue.put({ axes: { last: 0 } });
  },
};

const saved = await Acquisition.open({ microscope, directory: "data", name: "run", imageProcessor, hooks });
saved.acquire(multiDAcquisitionEvents({ num_time_points: 5, channel_group: "Channel", channels: ["DAPI"] }));
await saved.done();
export const first: number | undefined = (await saved.dataset.readImage({ time: 0 })).data[0];

const place: { readonly directory: string; readonly name: string } = { directory: "data", name: "run" };
const inFolder = await Acquisition.open({ microscope, ...place, format: "ome-zarr" });
export const folder: string = inFolder.dataset.name;

const inMemory = await Acquisition.open({
  microscope,
  save: "memory",
  imageProcessor: (image, metadata) => (metadata.Axes.z === 0 ? [image, metadata] : null),
  imageSaved: (axes, dataset) => dataset.readMetadata(axes),
  onImage: (_, metadata) => seen.push(metadata.Axes.position),
  hooks: { preHardware: eachEvent((event) => event) },
});
const event: AcquisitionEvent = { axes: { time: 0, channel: "DAPI" }, exposure: 10 };
inMemory.acquire([event]);
export const count: number = inMemory.dataset.imageCoordinates().length;

const unsaved = await Acquisition.open({ microscope, imageProcessor });
// @ts-expect-error nothing is saved
unsaved.dataset.imageCoordinates();

const options: AcquisitionOptions = { microscope };
const perhaps = await Acquisition.open(options);
// @ts-expect-error who knows whether anything is saved
perhaps.dataset.imageCoordinates();
export const images = perhaps.dataset?.imageCoordinates();
