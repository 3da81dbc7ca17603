// Asks for the next time point until the fifth, then ends the acquisition.
export default function feed(image, metadata, eventQueue) {
  const { time } = metadata.Axes;
  eventQueue.put(time === 4 ? null : { axes: { time: time + 1 } });
  return [image, metadata];
}
