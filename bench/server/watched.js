export async function measureWatched() {}
