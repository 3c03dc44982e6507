/** Requests that are made when the state asks for them: one of each name at a time, with a pause after a failure. */
export class Errands {
  readonly #running = new Set<string>();
  readonly #failures = new Map<string, { count: number; retryAt: number }>();

  /** Whether `name` may begin now. */
  isFree(name: string, now: number): boolean {
    return !this.#running.has(name) && (this.#failures.get(name)?.retryAt ?? 0) <= now;
  }

  /** Do it. `errand` answers null when it went well, else after how many ms at least it may be tried again. */
  async run(name: string, errand: () => Promise<number | null>): Promise<void> {
    this.#running.add(name);
    try {
      const pause = await errand();
      if (pause === null) this.#failures.delete(name);
      else this.#fail(name, pause);
    } finally {
      this.#running.delete(name);
    }
  }

  /** When the next failed one may be tried again. */
  nextRetryAt(now: number): number {
    const times = [...this.#failures.values()].map(({ retryAt }) => retryAt).filter((at) => at > now);
    return Math.min(Infinity, ...times);
  }

  /** The network is back: nothing waits any longer. */
  forgive(): void {
    this.#failures.clear();
  }

  #fail(name: string, pause: number): void {
    const count = (this.#failures.get(name)?.count ?? 0) + 1;
    const backoff = 1000 * Math.min(30, 2 ** (count - 1)) * (0.75 + Math.random() / 2);
    this.#failures.set(name, { count, retryAt: Date.now() + Math.max(pause, backoff) });
  }
}
