/** What a pool loads in Node whose calling thread is one of its workers. */
import { answerJobs } from "../compute/serve.node.ts";
import { domains } from "./domains.ts";

/** Makes the function that answers a pool's messages, one a pool. */
export const createAnswer = () => answerJobs(domains);
