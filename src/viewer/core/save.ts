/** Saves bytes as a file, where the browser keeps what is downloaded. */
export function saveBlob(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  // what systems do not take in names of files
  link.download = name.replaceAll(/[\\/:*?"<>|\p{Cc}]/gu, "_");
  link.click();
  // the browser has it by then
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
