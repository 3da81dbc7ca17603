/** Which of `words` a source has in its names, texts and comments, singular or plural: `path:line word`, once a line. */
export function wordsIn(path: string, source: string, words: readonly string[]): string[] {
  const wanted = new Set(words.flatMap((word) => [word, `${word}s`]));
  return source.split("\n").flatMap((line, i) => {
    const found = wordsOf(line).filter((word) => wanted.has(word));
    return [...new Set(found)].map((word) => `${path}:${i + 1} ${word}`);
  });
}

/** Words of a line; names in camel case are several. */
function wordsOf(line: string): string[] {
  const apart = line.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/([A-Z])([A-Z][a-z])/g, "$1 $2");
  return apart.toLowerCase().match(/[a-z]+/g) ?? [];
}
