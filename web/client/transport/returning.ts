import { CLOSE_CODES } from "../generated/close-codes.ts";

/** Seconds before each of the first tries to come back (spec 10); later tries come every 30 to 60 s. */
export const PAUSES_S = [1, 2, 4, 8, 16] as const;
const LATER_S = [30, 60] as const;
const JITTER = 0.25;
/** A server that restarts has all of its clients come back: they spread over this time. */
const SPREAD_S = 3;

/** Why a connection is over for good. */
export type EndReason = "closed" | "sign-in" | "too-many-connections" | "too-big" | "refused";

/** What follows from a close code. */
export type AfterClose = { returns: true; newToken: boolean; spread: boolean } | { returns: false; why: EndReason };

const BY_CODE = new Map<number, (typeof CLOSE_CODES)[number]>(CLOSE_CODES.map((close) => [close.code, close]));
const WHY: Partial<Record<string, EndReason>> = {
  sessionsRevoked: "sign-in",
  tooManyConnections: "too-many-connections",
  tooBig: "too-big",
};

/** Whether to come back after `code`, from the table of the contract; codes that nobody declared come back. */
export function afterClose(code: number): AfterClose {
  const close = BY_CODE.get(code);
  if (close === undefined) return { returns: true, newToken: false, spread: false };
  switch (close.returns) {
    case "yes":
      return { returns: true, newToken: false, spread: false };
    case "with jitter":
      return { returns: true, newToken: false, spread: true };
    case "with a new token":
      return { returns: true, newToken: true, spread: false };
    case "after a new sign-in":
    case "no":
      return { returns: false, why: WHY[close.name] ?? "refused" };
  }
}

/** Milliseconds before try number `tries` (from 1); `chance` is in [0, 1). */
export function pauseMs(tries: number, chance: number, spread = false): number {
  const step = PAUSES_S[tries - 1];
  if (step === undefined) return 1000 * (LATER_S[0] + (LATER_S[1] - LATER_S[0]) * chance);
  if (spread && tries === 1) return 1000 * SPREAD_S * chance;
  return 1000 * step * (1 - JITTER + 2 * JITTER * chance);
}

/** Whether the quick tries were all in vain, so that people are told and offered a button. */
export function isTired(tries: number): boolean {
  return tries > PAUSES_S.length;
}
