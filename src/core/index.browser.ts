/** What core gives to a page's twins alone; Node's are served by index.node.ts. */
export { connectWorker } from "./threads/workerThread.browser.ts";
