import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { formatJson, parseJson, VitrineError } from "../../core/index.ts";
import type { JsonValue } from "../../io/index.ts";
import type { FromChild, Notice, ToChild } from "./protocol.ts";
import { type Request, RequestQueue } from "./requestQueue.ts";

/** The child's threads: each answers its own requests in order. */
type QueueName = "core" | "camera" | "processor" | "events";

/** Requests that each thread may have at once; the processor goes on with the next frame while Node takes the last. */
const DEPTHS: Readonly<Record<QueueName, number>> = { core: 1, camera: 1, processor: 4, events: 1 };

const QUEUES: Readonly<Record<ToChild["kind"], QueueName>> = {
  open: "core",
  call: "core",
  command: "core",
  ring: "camera",
  expose: "camera",
  load: "processor",
  process: "processor",
  pull: "events",
  forget: "events",
};

/** Lines of the child's stderr that its end is explained with. */
const LAST_LINES = 20;
/** A child that was told to end, and did not, is killed. */
const FAREWELL_MS = 6000;
/** What an ended child still has to say comes at once, unless a process of its own holds its output open. */
const LAST_WORDS_MS = 300;

/** What a child is there for. */
export type ChildTask = "mmcore" | "processor";

/** What messages say of a child: what it holds, what its Python needs, and what to do when it has ended. */
const TASKS = {
  mmcore: {
    holds: "MMCore",
    needs: "pymmcore",
    install: "pymmcore numpy`, with the pymmcore of your adapters' device interface",
    again: "Open the microscope again; a device adapter or an image processor may have crashed",
  },
  processor: {
    holds: "the image processor",
    needs: "numpy",
    install: "numpy`",
    again: "The image processor may have crashed: see what it printed last",
  },
} as const satisfies Readonly<Record<ChildTask, object>>;

/** How a child is started. */
export interface ChildStart {
  /** The program. */
  readonly python: string;
  readonly task: ChildTask;
  /** Longest time until it answers, ms. */
  readonly limitMs: number;
}

/** The Python to start: the one that was named, else that of the environment. */
export function pythonProgram(named: string | undefined): string {
  return named ?? process.env.VITRINE_PYTHON ?? (process.platform === "win32" ? "python" : "python3");
}

/** What happens in the child beside answers. */
export interface ChildEvents {
  onMessage(message: FromChild): void;
  /** A line that an adapter, MMCore or the user's function printed. */
  onOutput(line: string): void;
  /** Once: the child is gone. */
  onEnd(reason: VitrineError): void;
}

/** A Python process that holds MMCore, or an image processor: requests and their answers, watchdogs, its end. */
export class PythonChild {
  readonly #start: ChildStart;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #events: ChildEvents;
  readonly #queues: Readonly<Record<QueueName, RequestQueue>>;
  readonly #lastLines: string[] = [];
  readonly #gone: Promise<void>;
  #finish: () => void = () => {};
  #greeting: { resolve: () => void; reject: (error: VitrineError) => void } | undefined;
  #end: VitrineError | undefined;
  #nextId = 1;

  /**
   * Starts Python and waits until it has loaded what it needs.
   *
   * @throws {VitrineError} missing: no Python of this name, or no pymmcore or numpy in it; device, worker: it ended; timeout
   */
  static async start(start: ChildStart, events: ChildEvents): Promise<PythonChild> {
    const child = new PythonChild(start, events);
    await child.#greet();
    return child;
  }

  private constructor(start: ChildStart, events: ChildEvents) {
    this.#start = start;
    this.#events = events;
    const script = join(dirname(fileURLToPath(import.meta.url)), "python", "child.py");
    // -B: no compiled files beside the package's
    const args = ["-B", script, start.task];
    this.#process = spawn(start.python, args, { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    const queue = (depth: number) =>
      new RequestQueue((id, message) => this.#write({ ...message, id }), depth);
    this.#queues = {
      core: queue(DEPTHS.core),
      camera: queue(DEPTHS.camera),
      processor: queue(DEPTHS.processor),
      events: queue(DEPTHS.events),
    };
    this.#gone = new Promise((resolve) => {
      this.#finish = resolve;
    });
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** @throws {VitrineError} what Python says, made by `request.failure`; timeout; the reason of the child's end */
  ask(request: Request): Promise<JsonValue> {
    if (this.#end !== undefined) return Promise.reject(this.#end);
    return this.#queues[QUEUES[request.message.kind]].ask(this.#nextId++, request);
  }

  /** Says what needs no answer; nothing where the child is gone. */
  tell(notice: Notice): void {
    if (this.#end === undefined) this.#write(notice);
  }

  /** Refuses everything from now on, with this reason, and ends the process whatever it does. */
  async close(reason: VitrineError): Promise<void> {
    this.#fail(reason);
    this.#process.stdin.end();
    const timer = setTimeout(() => this.#process.kill("SIGKILL"), FAREWELL_MS);
    await this.#gone;
    clearTimeout(timer);
  }

  #listen(): void {
    const { stdin, stdout, stderr } = this.#process;
    createInterface({ input: stdout }).on("line", (line) => this.#receive(line));
    createInterface({ input: stderr }).on("line", (line) => {
      this.#lastLines.push(line);
      if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
      this.#events.onOutput(line);
    });
    stdin.on("error", () => {}); // a broken pipe: the process's end says why
    this.#process.on("error", (cause) => {
      this.#fail(noPython(this.#start.python, cause));
      this.#finish();
    });
    this.#process.on("exit", (code, signal) => {
      const ended = () => {
        clearTimeout(timer);
        this.#fail(this.#ended(signal === null ? `exit code ${code}` : `signal ${signal}`));
        for (const stream of [stdout, stderr]) stream.destroy();
        this.#finish();
      };
      const timer = setTimeout(ended, LAST_WORDS_MS);
      this.#process.on("close", ended);
    });
  }

  async #greet(): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      await new Promise<void>((resolve, reject) => {
        this.#greeting = { resolve, reject };
        timer = setTimeout(() => reject(noGreeting(this.#start)), this.#start.limitMs);
        if (this.#end !== undefined) reject(this.#end);
      });
    } catch (error) {
      await this.close(error instanceof VitrineError ? error : noGreeting(this.#start));
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  #receive(line: string): void {
    if (this.#end !== undefined) return;
    try {
      this.#take(parseJson(line) as FromChild);
    } catch (cause) {
      const found = cause instanceof Error ? cause.message : String(cause);
      const fault = {
        code: "worker",
        at: this.#start.python,
        expected: "a message that can be used",
        found,
      } as const;
      this.#fail(cause instanceof VitrineError ? cause : new VitrineError(fault, { cause }));
      this.#process.kill("SIGKILL");
    }
  }

  #take(message: FromChild): void {
    switch (message.kind) {
      case "hello":
        this.#greeting?.resolve();
        return;
      case "failed":
        this.#greeting?.reject(noModule(this.#start, message));
        return;
      case "slow":
        this.#queues.camera.extend(message.id, message.ms);
        return;
      case "reply":
        Object.values(this.#queues).some((queue) => queue.answer(message.id, message));
        return;
      default:
        this.#events.onMessage(message);
    }
  }

  #write(message: Notice | (ToChild & { id: number })): void {
    this.#process.stdin.write(`${formatJson(message)}\n`);
  }

  #fail(reason: VitrineError): void {
    if (this.#end !== undefined) return;
    this.#end = reason;
    this.#greeting?.reject(reason);
    for (const queue of Object.values(this.#queues)) queue.end(reason);
    this.#events.onEnd(reason);
  }

  #ended(how: string): VitrineError {
    const { python: at, task } = this.#start;
    const said = this.#lastLines.length === 0 ? "" : `; its last lines: ${this.#lastLines.join(" | ")}`;
    const expected = `Python to hold ${TASKS[task].holds} until it is closed`;
    const code = task === "mmcore" ? "device" : "worker";
    return new VitrineError({
      code,
      at,
      expected,
      found: `its end with ${how}${said}`,
      hint: TASKS[task].again,
    });
  }
}

/** What the system says of a program that does not start, in words. */
const STARTS: Readonly<Record<string, string>> = {
  ENOENT: "no such program",
  EACCES: "a file that may not be run",
  ENOEXEC: "a file that is no program",
};

function noPython(at: string, cause: Error): VitrineError {
  const hint =
    "Install Python 3.9 or later, or name it with --python (`python`) or the variable VITRINE_PYTHON";
  const fault = {
    code: "missing",
    at,
    expected: "a Python that starts",
    found: STARTS[/\b(ENOENT|EACCES|ENOEXEC)$/.exec(cause.message)?.[0] ?? ""] ?? cause.message,
    hint,
  } as const;
  return new VitrineError(fault, { cause });
}

function noModule(
  { python: at, task }: ChildStart,
  { module, message }: { module: string; message: string },
): VitrineError {
  const hint = `Run \`${at} -m pip install ${TASKS[task].install}`;
  return new VitrineError({ code: "missing", at, expected: `a Python with ${module}`, found: message, hint });
}

function noGreeting({ python: at, task, limitMs }: ChildStart): VitrineError {
  const hint = "Check that this is a Python, or raise commandTimeoutMs";
  const expected = `${TASKS[task].needs} loaded within ${limitMs} ms`;
  return new VitrineError({ code: "timeout", at, expected, found: "no word", hint });
}
