/** A thread of the writer of multiscales in Node. */
import { parentPort } from "node:worker_threads";
import { answerBand, type BandQuestion } from "./worker.ts";

parentPort?.on("message", async (question: BandQuestion) => {
  parentPort?.postMessage(await answerBand(question));
});
