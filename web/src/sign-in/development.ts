import { SignInNeeded } from "@kaiwa/client";
import type { Session } from "./session";

/** Somebody whom the local issuer knows. */
export interface DevelopmentUser {
  userId: string;
  name: string;
  verificationStatus: string;
}

const KEY = "kaiwa/signed-in-as";
/** A token is used for this part of its life, by this machine's steady clock: what the wall clock says may be wrong. */
const USED_PART = 0.8;

/** Signed in with the local issuer: it gives everybody anybody's token. Only the name is stored, no token. */
export class DevelopmentSession implements Session {
  #token: { text: string; until: number } | null = null;

  constructor(readonly userId: string) {}

  static resumed(): DevelopmentSession | null {
    const userId = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
    return userId === null ? null : new DevelopmentSession(userId);
  }

  /** `stay`: on this device, also after the tab is closed. */
  static begin(userId: string, stay: boolean): DevelopmentSession {
    (stay ? localStorage : sessionStorage).setItem(KEY, userId);
    return new DevelopmentSession(userId);
  }

  async get({ renew }: { renew: boolean }): Promise<string> {
    if (!renew && this.#token !== null && performance.now() < this.#token.until) return this.#token.text;
    const answer = await fetch("/dev/token", {
      method: "POST",
      body: JSON.stringify({ user: this.userId }),
      cache: "no-store",
    });
    if (answer.status === 400 || answer.status === 403) throw new SignInNeeded("The local issuer gives no token");
    if (!answer.ok) throw new Error(`The local issuer answered ${answer.status}`);
    const { token } = (await answer.json()) as { token: string };
    this.#token = { text: token, until: performance.now() + USED_PART * lifetimeMs(token) };
    return token;
  }

  signOut(): Promise<void> {
    sessionStorage.removeItem(KEY);
    localStorage.removeItem(KEY);
    this.#token = null;
    return Promise.resolve();
  }
}

export async function developmentUsers(): Promise<DevelopmentUser[]> {
  const answer = await fetch("/dev/users", { cache: "no-store" });
  if (!answer.ok) throw new Error(`/dev/users answered ${answer.status}`);
  return ((await answer.json()) as { users: DevelopmentUser[] }).users;
}

function lifetimeMs(token: string): number {
  const { exp, iat } = JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as {
    exp: number;
    iat: number;
  };
  return (exp - iat) * 1000;
}
