/** Entry of the demo camera's thread in Node. */
import { parentPort } from "node:worker_threads";
import { createCamera } from "./cameraLoop.ts";
import type { ToCamera } from "./cameraProtocol.ts";

const answer = createCamera((message) => parentPort?.postMessage(message));
parentPort?.on("message", (message: ToCamera) => answer(message));
