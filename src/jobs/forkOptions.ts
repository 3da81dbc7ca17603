/** Node's options of this process for a child that runs a file: `node -e` and its kin concern the parent alone. */
export function withoutEval(options: readonly string[]): string[] {
  const takesCode = /^(-e|-p|-pe|--eval|--print)$/;
  return options.filter(
    (option, i) =>
      !takesCode.test(option) && !option.startsWith("--input-type") && !takesCode.test(options[i - 1] ?? ""),
  );
}
