import { z } from "zod";

const DAY = 86400;
const UNITS_S = {
  weeks: 7 * DAY,
  days: DAY,
  hours: 3600,
  minutes: 60,
  seconds: 1,
  milliseconds: 1e-3,
  microseconds: 1e-6,
};
const amount = z.number().optional();

/**
 * A duration in whole µs, from seconds, from text (ISO 8601 `PT1M30S`, or `2 days, 01:30:00.5`), or from its parts
 * (`{"minutes": 1}`).
 *
 * Source: pydantic 2 and Python's `timedelta`, whose roundings these are.
 */
export const durationSchema = z.union([
  z.number().transform(fromSeconds),
  z.string().transform((text, context) => {
    const us = fromIso(text) ?? fromClock(text);
    if (us !== undefined) return us;
    context.issues.push({
      code: "custom",
      input: text,
      message: 'a duration such as 1.5, "PT1M30S" or "00:01:30"',
    });
    return z.NEVER;
  }),
  z
    .strictObject({
      weeks: amount,
      days: amount,
      hours: amount,
      minutes: amount,
      seconds: amount,
      milliseconds: amount,
      microseconds: amount,
    })
    .transform(fromParts),
]);

function fromSeconds(seconds: number): number {
  const whole = Math.trunc(seconds);
  return whole * 1e6 + Math.sign(seconds) * Math.round(Math.abs(seconds - whole) * 1e6);
}

const NUMBER = String.raw`(\d+(?:[.,]\d*)?)`;
const ISO = new RegExp(
  `^([-+]?)P(?:${NUMBER}Y)?(?:${NUMBER}M)?(?:${NUMBER}W)?(?:${NUMBER}D)?(?:T(?:${NUMBER}H)?(?:${NUMBER}M)?(?:${NUMBER}S)?)?$`,
);
const ISO_UNITS_S = [365 * DAY, 30 * DAY, 7 * DAY, DAY, 3600, 60, 1];

function fromIso(text: string): number | undefined {
  const match = ISO.exec(text);
  if (match === null || /[PT]$/.test(text)) return undefined;
  const [, sign, ...parts] = match;
  const us = parts.map((part, i) => exactMicroseconds(part ?? "0", ISO_UNITS_S[i]));
  return signed(sign, us);
}

const CLOCK =
  /^([-+]?)(?:(\d+) ?(?:d|D|day|days|Day|Days|DAY|DAYS)(?:,? ?(?=\d)|$))?(?:(\d+):(\d\d)(?::(\d\d(?:\.\d+)?))?)?$/;

function fromClock(text: string): number | undefined {
  const match = CLOCK.exec(text);
  if (match === null) return undefined;
  const [, sign, days, hours, minutes, seconds] = match;
  if (days === undefined && hours === undefined) return undefined;
  const us = [
    exactMicroseconds(days ?? "0", DAY),
    exactMicroseconds(hours ?? "0", 3600),
    exactMicroseconds(minutes ?? "0", 60),
    exactMicroseconds(seconds ?? "0", 1),
  ];
  return signed(sign, us);
}

function exactMicroseconds(digits: string, unitS: number): number {
  return Math.round(Number(digits.replace(",", ".")) * unitS * 1e6);
}

function signed(sign: string, us: readonly number[]): number {
  const sum = us.reduce((total, part) => total + part, 0);
  return sign === "-" ? -sum : sum;
}

/** Whole parts are added exactly, then their fractions, rounded to even. */
function fromParts(parts: Partial<Record<keyof typeof UNITS_S, number | undefined>>): number {
  let whole = 0;
  let fraction = 0;
  for (const [unit, seconds] of Object.entries(UNITS_S)) {
    const us = Math.round(seconds * 1e6) * (Object.entries(parts).find(([key]) => key === unit)?.[1] ?? 0);
    whole += Math.trunc(us);
    fraction += us - Math.trunc(us);
  }
  return whole + roundedToEven(fraction);
}

/** The nearest whole number, of two equally near the even one. */
export function roundedToEven(value: number): number {
  const below = Math.floor(value);
  const part = value - below;
  if (part !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
