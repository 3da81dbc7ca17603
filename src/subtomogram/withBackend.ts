import { type Backend, createPool } from "../compute/index.ts";

/** Runs with the backend that is given, or with a pool of its own, for this call alone. @throws whatever `run` throws */
export async function withBackend<Result>(
  backend: Backend | undefined,
  run: (backend: Backend) => Promise<Result>,
): Promise<Result> {
  if (backend !== undefined) return run(backend);
  await using pool = await createPool();
  return await run(pool);
}
