/** A number with its noun: `1 well`, `2 wells`; `several` where an s is not enough. */
export function counted(count: number, one: string, several = `${one}s`): string {
  return `${count} ${count === 1 ? one : several}`;
}
