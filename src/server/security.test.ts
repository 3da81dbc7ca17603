/** What nobody gets through with: each way is tried on a real server, by sockets where a client would tidy the request. */
import { request } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocket } from "ws";
import { HOSTILE_NAMES, makeServedCase, SECRET, type ServedCase } from "../../test/support/servedCase.ts";
import { refusalOf } from "./guard.ts";
import type { Server } from "./index.ts";

let served: ServedCase;
/** Of this machine alone, and of all machines. */
let local: Server;
let open: Server;

beforeAll(async () => {
  served = await makeServedCase();
  [local, open] = [await served.serve({ requestTimeoutMs: 1000 }), await served.serve({ host: "0.0.0.0" })];
});
afterAll(async () => {
  await local?.close();
  await open?.close();
  served?.remove();
});

interface Sent {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** Sends a path as it is: no client's tidying of dots. */
function ask(path: string, headers: Record<string, string> = {}, { port } = local): Promise<Sent> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          body: Buffer.concat(parts).toString(),
          headers: response.headers,
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

/** Sends bytes and waits until the server ends the connection. */
function sendRaw(text: string, { port } = local): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text));
    let answer = "";
    socket.on("data", (part) => {
      answer += part;
    });
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

const WAYS_OUT = [
  "lab/../secret.txt",
  "lab/../../../../../../etc/passwd",
  "lab/%2e%2e/secret.txt",
  "lab/..%2fsecret.txt",
  "lab%2f..%2fsecret.txt",
  "lab/%252e%252e/secret.txt",
  "lab/inner/../../secret.txt",
  "lab/..;/secret.txt",
  "lab/..\\secret.txt",
  "lab/..%5csecret.txt",
  "lab/%c0%ae%c0%ae/secret.txt",
  "lab/link.txt",
  "lab/out/secret.txt",
  "lab/out/lab-other/secret.txt",
  "lab/inside/../../secret.txt",
  "lab/map.mrc/../../secret.txt",
  "lab/inner/digits.txt%00.png",
  "lab-other/secret.txt",
  "../secret.txt",
  "/etc/passwd",
  "//etc/passwd",
  "lab//etc/passwd",
  ".",
  "..",
];

test.each(WAYS_OUT)("no path leads out of the served folder: %s", async (way) => {
  const decoded = way.replaceAll("%2e", ".").replaceAll("%2f", "/").replaceAll("%5c", "\\");
  const paths = [
    `/files/${way}`,
    `/${way}`,
    ...["browse", "image", "experiment", "jobs", "job"].map(
      (route) => `/api/${route}?at=${encodeURIComponent(decoded)}`,
    ),
    `/api/image?at=${way}`,
  ];
  for (const path of paths) {
    const { status, body } = await ask(path);
    // the page itself is at `/.`, too
    const isPage = path === "/." && body.includes('<div id="app">');
    expect([path, isPage || (status >= 400 && status < 500)]).toEqual([path, true]);
    expect(body).not.toContain(SECRET);
    expect(body).not.toContain("root:");
  }
});

describe("a server that other machines reach", () => {
  const get = (path: string, headers: Record<string, string> = {}) => ask(path, headers, open);

  test("prints an address with a token of 256 bits, which becomes a cookie that scripts cannot read", async () => {
    expect(open.address).toBe(`http://0.0.0.0:${open.port}/?token=${open.token}`);
    expect(open.token).toMatch(/^[\w-]{43}$/);
    const entry = await get(`/?token=${open.token}`);
    expect([entry.status, entry.headers.location]).toEqual([303, "/"]);
    expect(entry.headers["set-cookie"]).toEqual([
      `vitrine-token-${open.port}=${open.token}; Path=/; HttpOnly; SameSite=Strict`,
    ]);
    expect(
      (await get("/api/roots", { Cookie: `a=b; vitrine-token-${open.port}=${open.token}` })).status,
    ).toBe(200);
    expect((await get("/api/roots", { Authorization: `Bearer ${open.token}` })).status).toBe(200);
  });

  test("leaves the cookies of other ports of its host alone, as a browser shares them", async () => {
    await using other = await served.serve({ host: "0.0.0.0" });
    const jar = new Map<string, string>();
    const cookies = () => ({ Cookie: [...jar].map((pair) => pair.join("=")).join("; ") });
    for (const one of [open, other]) {
      const { headers } = await ask(`/?token=${one.token}`, {}, one);
      const [, name, value] = /^([^=]+)=([^;]+)/.exec(String(headers["set-cookie"]))!;
      jar.set(name, value);
    }
    expect(jar.size).toBe(2);
    for (const one of [open, other]) expect((await ask("/api/roots", cookies(), one)).status).toBe(200);
    // a tunnel that leads to the server from elsewhere: the port is the page's
    const tunnel = { Host: "127.0.0.1:9" };
    const entry = await ask(`/?token=${open.token}`, tunnel, open);
    expect(String(entry.headers["set-cookie"])).toMatch(/^vitrine-token-9=/);
    const there = { ...tunnel, Cookie: `vitrine-token-9=${open.token}` };
    expect((await ask("/api/roots", there, open)).status).toBe(200);
    expect((await ask("/api/roots", { ...tunnel, ...cookies() }, open)).status).toBe(401);
  });

  test("answers nobody without it: not the page, not the description, not a file", async () => {
    const paths = [
      "/",
      "/api/roots",
      "/api/openapi.json",
      "/files/lab/inner/digits.txt",
      "/no/such",
      "/?token=",
      "/?token=x",
    ];
    for (const path of paths) expect([path, (await get(path)).status]).toEqual([path, 401]);
    const wrong = [
      open.token!.slice(0, -1),
      `${open.token}x`,
      open.token!.toLowerCase(),
      "",
      local.token ?? "undefined",
    ];
    for (const token of wrong) {
      expect((await get("/api/roots", { Authorization: `Bearer ${token}` })).status).toBe(401);
      expect((await get("/api/roots", { Cookie: `vitrine-token-${open.port}=${token}` })).status).toBe(401);
      expect((await get(`/?token=${token}`)).status).toBe(401);
    }
  });
});

test("a page of another origin, or one that came by another name, reads nothing", async () => {
  const own = `127.0.0.1:${local.port}`;
  const refused: Record<string, string>[] = [
    { Origin: "http://evil.example" },
    { Origin: "null" },
    { Origin: `http://127.0.0.1:${local.port + 1}` },
    { Origin: `http://${own}.evil.example` },
    { Host: "evil.example" },
    { Host: `evil.example:${local.port}` },
    { Host: "127.0.0.1.evil.example" },
    { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors" },
    { "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors" },
  ];
  for (const headers of refused)
    expect([headers, (await ask("/api/roots", headers)).status]).toEqual([headers, 403]);
  const allowed: Record<string, string>[] = [
    {},
    { Origin: `http://${own}` },
    { Host: `localhost:${local.port}` },
    { "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors" },
  ];
  for (const headers of allowed)
    expect([headers, (await ask("/api/roots", headers)).status]).toEqual([headers, 200]);
  expect(refusalOf({ host: "[::1]:80" }, { host: "::1" })).toBeUndefined();
});

test("every answer, errors too, says what a page may do", async () => {
  for (const path of [
    "/",
    "/api/roots",
    "/api/image?at=no",
    "/files/lab/inner/digits.txt",
    "/no/such",
    "/%zz",
  ]) {
    const { headers } = await ask(path);
    expect(headers["content-security-policy"]).toContain("default-src 'none'; script-src 'self'");
    expect(headers["cross-origin-opener-policy"]).toBe("same-origin");
    expect(headers["cross-origin-embedder-policy"]).toBe("require-corp");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["access-control-allow-origin"]).toBeUndefined();
  }
});

test("huge headers, addresses and bodies are refused", async () => {
  const head = (line: string) =>
    `GET /api/roots HTTP/1.1\r\nHost: localhost\r\n${line}\r\nConnection: close\r\n\r\n`;
  expect(await sendRaw(head(`X-Long: ${"a".repeat(20_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
  expect(await sendRaw(`GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`)).toMatch(
    /^HTTP\/1\.1 431 /,
  );
  expect(await sendRaw(head("X\u0000: a"))).toMatch(/^HTTP\/1\.1 400 /);
  const posted = `POST /api/roots HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n{`;
  expect(await sendRaw(posted)).toMatch(/^HTTP\/1\.1 (404|413|408) /);
});

test("a request that comes drop by drop is ended", async () => {
  // the server ends it, or this waits for ever
  expect(await sendRaw("GET /api/roots HTTP/1.1\r\nHost: local")).toMatch(/^HTTP\/1\.1 408 /);
  expect(
    await sendRaw("GET /api/roots HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nslow"),
  ).toMatch(/^HTTP\/1\.1 (200|408|400) /);
});

test("only reading is possible", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const response = await fetch(`http://127.0.0.1:${local.port}/files/lab/map.mrc`, { method });
    expect([method, response.status]).toEqual([method, 404]);
  }
});

test("ranges that make no sense give the whole file or 416, never more than the file", async () => {
  const ranges = [
    "bytes=5-2",
    "bytes=abc",
    "bytes=-0",
    "bytes=99-",
    "bytes=0-0,2-3",
    "chunks=1-2",
    "bytes=",
    "bytes=-",
    "bytes=0-99999999999999999999",
  ];
  for (const Range of [...ranges, `bytes=${"0-1,".repeat(500)}0-1`]) {
    const { status, body } = await ask("/files/lab/inner/digits.txt", { Range });
    expect([Range, [200, 206, 416].includes(status)]).toEqual([Range, true]);
    if (status !== 416) expect("0123456789").toContain(body);
  }
});

test("hostile names come through as names, and as files that a browser saves instead of showing", async () => {
  for (const name of HOSTILE_NAMES) {
    const { status, body, headers } = await ask(`/files/lab/${encodeURIComponent(name)}`);
    expect([name, status, body]).toEqual([name, 200, "harmless"]);
    expect(headers["content-disposition"]).toBe("attachment");
  }
  const { status, body, headers } = await ask(
    `/api/image?at=${encodeURIComponent("lab/<script>alert(1)</script>")}`,
  );
  expect([status, headers["content-type"]]).toEqual([404, "application/json; charset=utf-8"]);
  expect(JSON.parse(body).error).toContain("<script>");
});

describe("the WebSocket", () => {
  const dial = (headers: Record<string, string> = {}, { port } = local) =>
    new Promise<number | WebSocket>((resolve, reject) => {
      const socket = new WebSocket(`ws://127.0.0.1:${port}/api/live`, { headers });
      socket.on("open", () => resolve(socket));
      socket.on("unexpected-response", (_request, { statusCode }) => resolve(statusCode!));
      socket.on("error", reject);
    });
  const connected = async () => (await dial()) as WebSocket;
  const ended = (socket: WebSocket) =>
    new Promise<number>((resolve) => {
      socket.on("close", resolve);
    });

  test("opens for its own page alone, and where there is a token for whoever has it", async () => {
    const own = `127.0.0.1:${local.port}`;
    for (const headers of [
      { Origin: "http://evil.example" },
      { Origin: "null" },
      { Origin: `http://127.0.0.1:${local.port + 1}` },
      { Host: "evil.example" },
      { "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "websocket" },
    ])
      expect([headers, await dial(headers)]).toEqual([headers, 403]);
    const page = await dial({ Origin: `http://${own}` });
    expect(page).toBeInstanceOf(WebSocket);
    (page as WebSocket).terminate();
    expect(await dial({}, open)).toBe(401);
    expect(await dial({ Cookie: `vitrine-token-${open.port}=x` }, open)).toBe(401);
    const withToken = await dial({ Cookie: `vitrine-token-${open.port}=${open.token}` }, open);
    expect(withToken).toBeInstanceOf(WebSocket);
    (withToken as WebSocket).terminate();
  });

  test("ends with the code of what is wrong with a frame, and the server goes on", async () => {
    const watch = { kind: "watch", id: 1, topic: "jobs", query: { at: "lab" } };
    const wrong: [number, string | Buffer][] = [
      [1007, "no JSON"],
      [1007, "[]"],
      [1007, JSON.stringify({ ...watch, more: 1 })],
      [1007, JSON.stringify({ ...watch, id: -1 })],
      [1007, JSON.stringify({ kind: "eval", id: 1 })],
      [1007, `{"__proto__":{"kind":"watch"},"id":1}`],
      [1007, Buffer.from(JSON.stringify(watch))],
      [1009, "a".repeat(10_000)],
    ];
    for (const [code, frame] of wrong) {
      const socket = await connected();
      const end = ended(socket);
      socket.send(frame);
      expect([String(frame).slice(0, 60), await end]).toEqual([String(frame).slice(0, 60), code]);
    }
    const twice = await connected();
    const end = ended(twice);
    for (let i = 0; i < 2; i++) twice.send(JSON.stringify(watch));
    expect(await end).toBe(1008);
    expect((await ask("/api/roots")).status).toBe(200);
  });

  test("ends where bytes are no frames: no mask, an unknown opcode, a length that lies, text that is no UTF-8", async () => {
    const head = [
      ...["GET /api/live HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket"],
      ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
    ].join("\r\n");
    const frames = [
      [0x81, 0x02, 0x7b, 0x7d],
      [0x83, 0x80, 0, 0, 0, 0],
      [0xf1, 0x80, 0, 0, 0, 0],
      [0x81, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff],
      [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28],
      [0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0],
    ];
    for (const frame of frames) {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        const socket = connect(local.port, "127.0.0.1", () => socket.write(head));
        const parts: Buffer[] = [];
        socket.once("data", () => socket.write(Buffer.from(frame)));
        socket.on("data", (part) => parts.push(part));
        socket.on("close", () => resolve(Buffer.concat(parts)));
        socket.on("error", reject);
      });
      expect(answer.toString("latin1")).toMatch(/^HTTP\/1\.1 101 /);
      // the last is a frame that closes, with a code that says why
      const close = answer.subarray(answer.indexOf("\r\n\r\n") + 4);
      expect([frame, close[0], [1002, 1007, 1009].includes(close.readUInt16BE(2))]).toEqual([
        frame,
        0x88,
        true,
      ]);
    }
    expect((await ask("/api/roots")).status).toBe(200);
  });

  test("tells of what is served alone, in words without paths of this machine", async () => {
    const socket = await connected();
    const said = new Map<number, { error?: string }>();
    socket.on("message", (data) => {
      const answer = JSON.parse(String(data));
      said.set(answer.id, answer);
    });
    const topics = ["jobs", "job", "job/log", "none"];
    const query = (topic: string, at: string) =>
      topic === "job/log" ? { at, phase: "run", batch: 0 } : { at };
    const asked = topics.flatMap((topic) =>
      ["../secret.txt", "lab/out", "lab/link.txt", "/etc"].map((at) => ({ topic, query: query(topic, at) })),
    );
    for (const [id, each] of asked.entries()) socket.send(JSON.stringify({ kind: "watch", id, ...each }));
    await expect.poll(() => said.size).toBe(asked.length);
    for (const { error } of said.values()) {
      expect(error).toMatch(/expected (a file or folder that is served|one of jobs, job, job\/log)/);
      expect(error).not.toContain(served.root);
    }
    socket.terminate();
  });
});

test("steps are started by the own page alone, and of what is served", async () => {
  const start = async (body: string, headers: Record<string, string> = {}, { port } = local) => {
    const json = { "Content-Type": "application/json", ...headers };
    return (await fetch(`http://127.0.0.1:${port}/api/job/start`, { method: "POST", body, headers: json }))
      .status;
  };
  const body = JSON.stringify({ at: "lab", what: "submit" });
  expect(await start(body)).toBe(404); // no experiment
  expect(await start(body, { Origin: "http://evil.example" })).toBe(403);
  expect(await start(body, { Origin: "null" })).toBe(403);
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=a"])
    expect(await start(body, { "Content-Type": type })).toBe(415);
  expect(await start(body, {}, open)).toBe(401);
  expect(await start(body, { Authorization: `Bearer ${open.token}` }, open)).toBe(404);
  for (const at of WAYS_OUT) expect(await start(JSON.stringify({ at, what: "submit" }))).toBeLessThan(500);
  expect(await start(JSON.stringify({ at: "lab", what: "rm" }))).toBe(400);
  expect(await start("{")).toBe(400);
  expect(await start(`{"at":"lab","what":"submit","__proto__":{}}`)).toBe(400);
  expect((await ask("/api/job/start?at=lab&what=submit")).status).toBe(404); // an address alone starts nothing
});
