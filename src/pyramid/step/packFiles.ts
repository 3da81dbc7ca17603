/** Names of the files that a job leaves. */
export const PACK_FILES = { tiles: "tiles.pack", index: "tiles.index", reduced: "reduced" } as const;
