/** Nothing was found: how near it was, and what to try. */
export function nothingFound(bestZScore: number | undefined): string {
  const best = bestZScore === undefined ? "" : `the best z-score is ${bestZScore.toFixed(2)}; `;
  return `  ${best}a lower --z-cutoff or a higher --false-positives lets more pass. Where particles are to be seen, look at defocus, pixel size and the contrast of the template (--picture draws what was searched)`;
}
