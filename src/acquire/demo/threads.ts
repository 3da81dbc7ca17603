import type { WorkerThread, WorkerThreadEvents } from "../../core/index.ts";
import type { FromCamera, ToCamera } from "./cameraProtocol.ts";

/** A camera's thread. */
export type CameraThread = WorkerThread<ToCamera>;

/** What a camera's thread tells its microscope. */
export type CameraEvents = WorkerThreadEvents<FromCamera>;
