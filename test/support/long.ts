/** Whether tests run as long as they are meant, as `.ci/run` asks; else they try a part of it. */
export const isLong = process.env.VITRINE_LONG === "1";
