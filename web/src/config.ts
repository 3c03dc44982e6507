/** What the api process tells of the deployment at /config.json. */
export interface Config {
  websocketUrl: string;
  issuer: string;
  clientId: string;
  /** Whether the local issuer's sign-in stands under /dev/. */
  development: boolean;
}

export async function loadConfig(): Promise<Config> {
  const answer = await fetch("/config.json", { cache: "no-store", signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`/config.json answered ${answer.status}`);
  return (await answer.json()) as Config;
}
