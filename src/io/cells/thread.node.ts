/** A thread that finds rows of tables in Node. */
import { parentPort } from "node:worker_threads";
import { answerCells, type CellAnswer, type CellQuestion } from "./thread.ts";

const post = (answer: CellAnswer) => parentPort?.postMessage(answer);

parentPort?.on("message", (question: CellQuestion) => {
  const answer = answerCells(question);
  if (answer !== undefined) post(answer);
});
post({ ready: true });
