import { ApiError } from "@kaiwa/client";
import { useTranslation } from "react-i18next";

const KNOWN = [
  "NETWORK",
  "VERIFICATION_REQUIRED",
  "FORBIDDEN",
  "NOT_A_PARTICIPANT",
  "NOT_FOUND",
  "ROOM_EXISTS",
  "TOO_MANY_PARTICIPANTS",
  "THROTTLED",
  "UNAVAILABLE",
  "UNDECIDED",
] as const;
type Known = (typeof KNOWN)[number];

/** What went wrong, in words for people. */
export function Problem({ error }: { error: unknown }) {
  const { t } = useTranslation();
  if (error == null) return null;
  const code = error instanceof ApiError ? error.code : null;
  const known = KNOWN.find((name): name is Known => name === code);
  return (
    <p className="problem" role="alert">
      {t(known === undefined ? "problem.other" : `problem.${known}`)}
    </p>
  );
}
