/** Entry of a pool's worker thread in Node. */
import { serveJobs } from "../compute/serve.node.ts";
import { domains } from "./domains.ts";

serveJobs(domains);
