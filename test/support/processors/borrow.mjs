// Gets the slot; what is saved must be a copy of it.
export const borrow = true;

export default function peek(image, metadata) {
  return [image, { ...metadata, bytes: image.data.buffer.byteLength }];
}
