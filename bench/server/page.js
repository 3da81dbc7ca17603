export async function measurePage() {}
