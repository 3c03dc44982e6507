/** A Storage in memory that can be full. */
export class FakeStorage implements Storage {
  isFull = false;
  [name: string]: unknown;

  get length(): number {
    return this.#names().length;
  }

  key(index: number): string | null {
    return this.#names()[index] ?? null;
  }

  getItem(name: string): string | null {
    return Object.hasOwn(this, name) && name !== "isFull" ? String(this[name]) : null;
  }

  setItem(name: string, text: string): void {
    if (this.isFull) throw new DOMException("full", "QuotaExceededError");
    this[name] = text;
  }

  removeItem(name: string): void {
    // eslint-disable-next-line @typescript-eslint/no-dynamic-delete -- as a browser's does
    delete this[name];
  }

  clear(): void {
    for (const name of this.#names()) this.removeItem(name);
  }

  #names(): string[] {
    return Object.keys(this).filter((name) => name !== "isFull");
  }
}
