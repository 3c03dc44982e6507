import type { Draft } from "../store/drafts.ts";

/** What of a draft survives a reload. */
export type Kept = Pick<Draft, "clientMessageId" | "chatRoomId" | "content" | "createdAt" | "failure">;

/**
 * Unsent messages of one person, one entry each, so that several tabs do not overwrite one another's.
 *
 * A tab that starts takes up all of them; two tabs may send the same one, and its key lets it be posted once.
 */
export class KeptDrafts {
  readonly #prefix: string;
  readonly #storage: Storage;
  #written = new Map<string, string>();

  constructor(userId: string, storage: Storage) {
    this.#prefix = `kaiwa/draft/${encodeURIComponent(userId)}/`;
    this.#storage = storage;
  }

  load(): Draft[] {
    const drafts = this.#keys().flatMap((key) => this.#read(key));
    return drafts.sort((one, other) => one.createdAt - other.createdAt);
  }

  /** Write what has changed. A full or forbidden storage keeps nobody from sending. */
  save(drafts: readonly Draft[]): void {
    const now = new Map(drafts.map((draft) => [draft.clientMessageId, text(draft)]));
    for (const [key, value] of now) if (this.#written.get(key) !== value) this.#put(key, value);
    for (const key of this.#written.keys()) if (!now.has(key)) this.#storage.removeItem(this.#prefix + key);
    this.#written = now;
  }

  /** The key of a draft that another tab settled or discarded, if `event` tells of one. */
  removed(event: StorageEvent): string | null {
    const isOurs =
      event.storageArea === this.#storage && event.newValue === null && event.key?.startsWith(this.#prefix);
    return isOurs ? (event.key?.slice(this.#prefix.length) ?? null) : null;
  }

  clear(): void {
    for (const key of this.#keys()) this.#storage.removeItem(key);
    this.#written = new Map();
  }

  #keys(): string[] {
    return Object.keys(this.#storage).filter((key) => key.startsWith(this.#prefix));
  }

  #read(key: string): Draft[] {
    try {
      const { clientMessageId, chatRoomId, content, createdAt, failure } = JSON.parse(
        this.#storage.getItem(key) ?? "",
      ) as Kept;
      if (!(
        [clientMessageId, chatRoomId, content].every((value) => typeof value === "string") && Number.isFinite(createdAt)
      ))
        return [];
      this.#written.set(clientMessageId, this.#storage.getItem(key) ?? "");
      // It may have been sent before the reload.
      const draft = { clientMessageId, chatRoomId, content, createdAt, tries: 1, dueAt: null };
      return [failure === undefined ? { ...draft, state: "waiting" } : { ...draft, state: "failed", failure }];
    } catch {
      return [];
    }
  }

  #put(key: string, value: string): void {
    try {
      this.#storage.setItem(this.#prefix + key, value);
    } catch {
      // Private windows and full disks: it is sent from memory all the same.
    }
  }
}

function text({ clientMessageId, chatRoomId, content, createdAt, state, failure }: Draft): string {
  const kept: Kept = {
    clientMessageId,
    chatRoomId,
    content,
    createdAt,
    failure: state === "failed" ? failure : undefined,
  };
  return JSON.stringify(kept);
}
