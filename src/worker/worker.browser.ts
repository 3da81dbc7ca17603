/** Entry of a pool's worker in a page. */
import { serveJobs } from "../compute/serve.browser.ts";
import { domains } from "./domains.ts";

serveJobs(domains);
