/** The most memory that this process had, MiB. */
export function peakMemoryMiB(): number;
