/** What core gives to Node's twins alone; a page's are served by index.browser.ts. */
export { letHeapGrow } from "./heap.node.ts";
export { newMemory } from "./newMemory.node.ts";
export { openPath, openPathOrNone, requireOpenAddress, withOpenPaths } from "./openPaths.node.ts";
export { builtFile, startWorkerThread } from "./threads/workerThread.node.ts";
export { writeBeside, writeBesideNow } from "./writeBeside.node.ts";
