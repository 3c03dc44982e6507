import { SignInNeeded } from "@kaiwa/client";
import { UserManager, WebStorageStateStore, type User } from "oidc-client-ts";
import type { Config } from "../config";
import type { Session, SignInMethod } from "./session";

export const CALLBACK_PATH = "/sign-in/callback";
const STAY = "kaiwa/stay-signed-in";
const SIGNED_OUT = "kaiwa/signed-out";

/**
 * Authorization code with PKCE at any OpenID Connect issuer, Cognito's Hosted UI among them (web/README.md).
 *
 * Tokens live in the tab's sessionStorage; in localStorage only if the person asked to stay signed in.
 */
export class OidcMethod implements SignInMethod {
  readonly #config: Config;

  constructor(config: Config) {
    this.#config = config;
  }

  async resume(): Promise<Session | null> {
    const stays = localStorage.getItem(STAY) !== null;
    const users = this.#users(stays);
    if (window.location.pathname === CALLBACK_PATH) {
      const user = await users.signinRedirectCallback();
      window.history.replaceState(null, "", backTo(user.state));
      return new OidcSession(users);
    }
    return (await users.getUser()) === null ? null : new OidcSession(users);
  }

  /** Leave for the issuer's page; the promise is kept by the page that comes back. */
  async begin(stay: boolean): Promise<void> {
    if (stay) localStorage.setItem(STAY, "1");
    else localStorage.removeItem(STAY);
    // Whoever signed out wants to be asked, though the issuer may remember them.
    const again = sessionStorage.getItem(SIGNED_OUT) !== null;
    sessionStorage.removeItem(SIGNED_OUT);
    await this.#users(stay).signinRedirect({ state: window.location.pathname, ...(again && { prompt: "login" }) });
  }

  #users(stays: boolean): UserManager {
    const store = new WebStorageStateStore({ store: stays ? localStorage : sessionStorage });
    return new UserManager({
      authority: this.#config.issuer,
      client_id: this.#config.clientId,
      redirect_uri: window.location.origin + CALLBACK_PATH,
      response_type: "code",
      scope: "openid profile email",
      userStore: store,
      stateStore: new WebStorageStateStore({ store: sessionStorage }),
      automaticSilentRenew: false,
      loadUserInfo: false,
    });
  }
}

class OidcSession implements Session {
  readonly #users: UserManager;
  #renewal: Promise<User | null> | null = null;

  constructor(users: UserManager) {
    this.#users = users;
  }

  async get({ renew }: { renew: boolean }): Promise<string> {
    const user = await this.#users.getUser();
    if (user === null) throw new SignInNeeded("Nobody is signed in");
    if (user.id_token !== undefined && !renew && (user.expires_in ?? Infinity) > 60) return user.id_token;
    const renewed = await this.#renewed(user);
    if (renewed?.id_token === undefined) throw new SignInNeeded("The issuer gave no token");
    return renewed.id_token;
  }

  async signOut(): Promise<void> {
    localStorage.removeItem(STAY);
    sessionStorage.setItem(SIGNED_OUT, "1");
    await this.#users.revokeTokens(["refresh_token"]).catch(() => undefined);
    await this.#users.removeUser();
  }

  /** Tabs and requests that find the same token expired ask for one new one. */
  #renewed(user: User): Promise<User | null> {
    if (user.refresh_token === undefined) throw new SignInNeeded("The token has expired");
    this.#renewal ??= this.#users
      .signinSilent()
      .catch((error: unknown) => {
        if (isFinal(error)) throw new SignInNeeded("The issuer does not renew the sign-in");
        throw error;
      })
      .finally(() => (this.#renewal = null));
    return this.#renewal;
  }
}

/** The issuer's own refusal (RFC 6749, 5.2) is final; a network that failed is not. */
function isFinal(error: unknown): boolean {
  return typeof error === "object" && error !== null && "error" in error && typeof error.error === "string";
}

/** Only a path of this page: the state came over the address bar. */
function backTo(state: unknown): string {
  return typeof state === "string" && /^\/(rooms\/[^/]+)?$/.test(state) ? state : "/";
}
