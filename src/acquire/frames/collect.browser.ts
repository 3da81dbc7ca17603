/** A page cannot ask its engine to collect garbage; Node's twin is collect.node.ts. */
export function collectGarbage(): boolean {
  return false;
}
