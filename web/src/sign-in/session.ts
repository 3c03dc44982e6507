import type { TokenSource } from "@kaiwa/client";
import type { Config } from "../config";
import { DevelopmentSession } from "./development";

/** Whoever is signed in, and how: all that the page knows about it. */
export interface Session extends TokenSource {
  signOut(): Promise<void>;
}

/** A way of signing in. */
export interface SignInMethod {
  /** Who was signed in before a reload (or has just come back from the issuer); null: nobody. */
  resume(): Promise<Session | null>;
}

/** The way that this deployment offers. The OpenID Connect library is loaded only where it is needed. */
export async function methodOf(config: Config): Promise<SignInMethod> {
  if (config.development) return { resume: () => Promise.resolve(DevelopmentSession.resumed()) };
  const { OidcMethod } = await import("./oidc");
  return new OidcMethod(config);
}
