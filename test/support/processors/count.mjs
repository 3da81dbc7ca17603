// State of the module: lives as long as its thread.
let count = 0;

export default function number(image, metadata) {
  return [image, { ...metadata, count: count++ }];
}
