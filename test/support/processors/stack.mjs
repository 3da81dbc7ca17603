// Keeps every image and, at the last one, says which of those it kept are still what they were: { kept, changed }.
const kept = [];

export default function stack(image, metadata) {
  kept.push({ image, number: metadata.FrameNumber });
  const changed = kept.filter((each) => !isWhole(each)).map(({ number }) => number);
  return [image, { ...metadata, kept: kept.length, changed }];
}

function isWhole({ image: { data, width, height }, number }) {
  for (let row = 0; row < height; row++) if (data[row * width] !== number) return false;
  return true;
}
