// A bare server of a folder's files, for the bench: no headers, no guard, no look at what changed.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";

const [folder] = process.argv.slice(2);
const server = createServer(async ({ url }, response) => {
  const bytes = await readFile(join(folder, url));
  response.setHeader("Content-Type", "image/jpeg");
  response.end(bytes);
});
server.listen(0, "127.0.0.1", () => console.log(JSON.stringify({ port: server.address().port })));
