// Earlier images take longer than later ones, so that several threads end them out of order.
import { threadId } from "node:worker_threads";

export const stateless = true;

export default async function slow(image, metadata) {
  const { time } = metadata.Axes;
  await new Promise((resolve) => setTimeout(resolve, (7 - (time % 8)) * 2));
  return [image, { ...metadata, thread: threadId }];
}
