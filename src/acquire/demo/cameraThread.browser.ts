/** Entry of the demo camera's thread in a page. */
import { createCamera } from "./cameraLoop.ts";
import type { ToCamera } from "./cameraProtocol.ts";

const answer = createCamera((message) => self.postMessage(message));
self.addEventListener("message", ({ data }: MessageEvent<ToCamera>) => answer(data));
