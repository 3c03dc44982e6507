/** Where tokens come from: all that this package knows about signing in. */
export interface TokenSource {
  /**
   * A token that is valid now. With `renew`, not the one that was handed out last: the server did not take it.
   *
   * Rejects with SignInNeeded when only the person can help; with anything else when it may work later.
   */
  get(options: { renew: boolean }): Promise<string>;
}

/** The person has to sign in (again). */
export class SignInNeeded extends Error {
  override readonly name = "SignInNeeded";
}

/** `exp` of a token, in epoch milliseconds; null if it tells none. The signature is the server's business. */
export function expiryOf(token: string): number | null {
  try {
    const payload = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    const { exp } = JSON.parse(atob(payload)) as { exp?: unknown };
    return typeof exp === "number" ? exp * 1000 : null;
  } catch {
    return null;
  }
}
