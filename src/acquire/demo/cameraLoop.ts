import { toFault, VitrineError } from "../../core/index.ts";
import { MemoryRing } from "../frames/ring.ts";
import { CameraControl, type FromCamera, type ToCamera } from "./cameraProtocol.ts";
import { ExposureRun, type FrameFaults, frameFaults } from "./exposureRun.ts";
import { Scene } from "./scene.ts";
import { SlotTaker } from "./slots.ts";

/** The longest wait for one slot: another may be free before it. */
const SLOT_WAIT_MS = 2;

type Expose = Extract<ToCamera, { kind: "expose" }>;

/** Makes the function that answers a camera thread's messages. An exposure blocks the thread until it is over or stopped. */
export function createCamera(post: (message: FromCamera) => void): (message: ToCamera) => void {
  let camera: { readonly scene: Scene; readonly faults: FrameFaults } | undefined;
  return (message) => {
    if (message.kind === "init") {
      camera = { scene: new Scene(message.scene), faults: frameFaults(message.faults) };
      return;
    }
    post({ kind: "started" });
    try {
      if (camera === undefined)
        throw new VitrineError({
          code: "worker",
          at: "camera thread",
          expected: "init first",
          found: "expose",
        });
      if (message.dose !== undefined) camera.scene.restore(message.dose);
      expose({ ...camera, message, post });
      post({ kind: "ended" });
    } catch (error) {
      post({ kind: "ended", fault: toFault(error, "camera thread") });
    }
  };
}

interface Parts {
  readonly scene: Scene;
  readonly faults: FrameFaults;
  readonly message: Expose;
  readonly post: (message: FromCamera) => void;
}

function expose({ scene, faults, message, post }: Parts): void {
  const { program, onOverflow } = message;
  const slots = new SlotTaker(new MemoryRing(message.ring));
  const control = new CameraControl(message.control, message.ring.slots);
  const run = new ExposureRun(program, { scene, slots, faults, onOverflow });
  const startMs = performance.now();
  try {
    while (!control.isStopped) {
      const nowMs = performance.now() - startMs;
      const step = run.step(nowMs);
      control.count(run.exposed, run.dropped);
      if (step.kind === "made") {
        if (control.announce(step.made)) post({ kind: "frame-ready" });
      } else if (step.kind === "wait") control.sleep(step.untilMs - nowMs);
      else if (step.kind === "full") slots.waitForTurn(SLOT_WAIT_MS);
      else if (step.kind === "stalled") control.sleep(Number.POSITIVE_INFINITY);
      else if (step.kind === "done") return;
    }
  } finally {
    control.count(run.exposed, run.dropped);
    slots.giveBack();
  }
}
