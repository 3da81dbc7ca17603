// Keeps every image, or every n-th where a tag says so, and says which of those it kept have changed: { kept, changed }.
const kept = [];

export default function stack(image, metadata) {
  const { FrameNumber: number, tags } = metadata;
  if (number % Number(tags?.every ?? 1) === 0) kept.push({ image, number });
  const changed = kept.filter((each) => !isWhole(each)).map((each) => each.number);
  return [image, { ...metadata, kept: kept.length, changed }];
}

function isWhole({ image: { data, width, height }, number }) {
  for (let row = 0; row < height; row++) if (data[row * width] !== number) return false;
  return true;
}
