// Changes what it got in place; returns it, or twice and with another shape.
export default function change(image, metadata) {
  image.data[5] = 7;
  if (metadata.Axes.time !== 1) return [image, metadata];
  const half = { data: new Float32Array(4).fill(0.5), width: 2, height: 2, channels: 1 };
  return [
    [image, metadata],
    [half, { ...metadata, Channel: "half" }],
  ];
}
