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

/** The same for generators: a pool that was made goes with what is returned. */
export async function ownBackend(
  backend: Backend | undefined,
): Promise<{ readonly backend: Backend } & AsyncDisposable> {
  if (backend !== undefined) return { backend, [Symbol.asyncDispose]: async () => {} };
  const pool = await createPool();
  return { backend: pool, [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose]() };
}
