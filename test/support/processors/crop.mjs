// Keeps nothing: gives the image, its upper half, its lower half and a copy of four pixels, the first pixel of each row but the stamp's changed in
// place; nothing of every fifth image. Says how much memory the image lies in.
export const stateless = true;

export default function crop(image, metadata) {
  const { data, width, height, channels } = image;
  const { time } = metadata.Axes;
  if (time % 5 === 4) return null;
  for (let row = 0; row < height; row++) data[row * width + 2] = time;
  const half = data.length / 2;
  const parts = [
    image,
    { data: data.subarray(0, half), width, height: height / 2, channels },
    { data: data.subarray(half), width, height: height / 2, channels },
    { data: data.slice(0, 4), width: 4, height: 1, channels },
  ];
  const known = { ...metadata, memory: data.buffer.byteLength };
  return parts.map((each, part) => [each, { ...known, Axes: { time, part } }]);
}
