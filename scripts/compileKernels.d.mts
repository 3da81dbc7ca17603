export function compileKernels(entry: string, folder: string): Promise<void>;
