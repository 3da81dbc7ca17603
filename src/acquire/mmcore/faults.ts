import { didYouMean, listedNames, nearestName, VitrineError } from "../../core/index.ts";
import type { PythonFault } from "./protocol.ts";

/** An exception of Python as a JavaScript error: its type as the name, its traceback as the stack. */
export function pythonError({ type, message, traceback }: PythonFault): Error {
  const error = new Error(message);
  error.name = type;
  error.stack = traceback ?? `${type}: ${message}`;
  return error;
}

/** What a command, an exposure or a configuration failed with. */
export function deviceError(fault: PythonFault, at: string): VitrineError {
  const cause = fault.type === "Refusal" ? undefined : pythonError(fault);
  if (fault.missing !== undefined) return missingError(fault, at);
  if (fault.config !== undefined) return configError(fault, fault.config);
  if (fault.timeout !== undefined) {
    const expected = `${fault.timeout} within ${fault.ms} ms`;
    const found = `none; ${fault.message} frames had come`;
    const hint = "Check the camera's trigger, or raise commandTimeoutMs";
    return new VitrineError({ code: "timeout", at, expected, found, hint });
  }
  if (fault.overflow !== undefined) return earlyEnd(fault, at);
  if (fault.unsupported !== undefined) {
    return new VitrineError({ code: "unsupported", at, expected: fault.unsupported, found: fault.message });
  }
  const code = fault.type === "TypeError" ? "type" : "device";
  const expected = code === "type" ? "arguments that MMCore takes" : "the device to obey";
  return new VitrineError({ code, at, expected, found: fault.message.trim() }, { cause });
}

/** What loading or calling the image processor failed with. */
export function processorError(fault: PythonFault, at: string, image?: string): VitrineError {
  if (fault.missing !== undefined) return missingError(fault, at);
  const places = [fault.place ?? [], image === undefined ? [] : `image ${image}`].flat();
  const found = `${fault.type}: ${fault.message}${places.length > 0 ? ` (${places.join("; ")})` : ""}`;
  const expected = "an image processor that runs";
  return new VitrineError({ code: "worker", at, expected, found }, { cause: pythonError(fault) });
}

function missingError({ missing, name, known }: PythonFault, at: string): VitrineError {
  const names = known ?? [];
  const expected = `a ${missing} that is there`;
  const hint = `There is ${listedNames(names) || "none"}`;
  const found = `${JSON.stringify(name ?? "")}${didYouMean(nearestName(name ?? "", names))}`;
  return new VitrineError({ code: "missing", at, expected, found, hint });
}

/** MMCore's words when an adapter was built for another MMCore. */
const OTHER_INTERFACE = /interface version|incompatible/i;

function configError({ message }: PythonFault, at: string): VitrineError {
  const hint = OTHER_INTERFACE.test(message)
    ? "Install the pymmcore whose device interface is that of the adapters: it is the fourth number of its version"
    : "Check the file, and that adapterPaths (--adapters, or MICROMANAGER_PATH) names the folder of its device adapters";
  return new VitrineError({
    code: "device",
    at,
    expected: "a configuration that loads",
    found: message.replaceAll(/\s*\n\s*/g, "; "),
    hint,
  });
}

function earlyEnd({ message, overflow }: PythonFault, at: string): VitrineError {
  if (overflow !== true) {
    const expected = "all frames of the sequence";
    return new VitrineError({ code: "device", at, expected, found: `${message}, then the camera stopped` });
  }
  return new VitrineError({
    code: "device",
    at,
    expected: "frames to be taken as fast as the camera makes them",
    found: `Sequence buffer overflow after ${message} frames`,
    hint: "Raise bufferMb or ringSlots, expose longer, or process faster",
  });
}
