import type { StoreApi } from "zustand/vanilla";
import { HttpApi } from "../http/HttpApi.ts";
import { READ_MARK_INTERVAL_S, TYPING_INTERVAL_S } from "../generated/limits.ts";
import { apply, withoutRoom } from "../store/apply.ts";
import { isDue, newDraft, discarded, retried, sent } from "../store/drafts.ts";
import * as events from "../store/events.ts";
import { initialState, type ChatState } from "../store/state.ts";
import type { Me } from "../generated/http.ts";
import type { TokenSource } from "../transport/tokens.ts";
import { WebSocketService, type TransportEvent, type WebSocketServiceOptions } from "../transport/WebSocketService.ts";
import { Fetches } from "./Fetches.ts";
import { KeptDrafts } from "./kept.ts";
import { Shown } from "./Shown.ts";

export interface ChatOptions {
  /** With the stage. */
  websocketUrl: string;
  /** Origin of the HTTP API; empty for the page's own. */
  apiBase?: string;
  tokens: TokenSource;
  /** Where unsent messages survive a reload; null: nowhere. */
  storage?: Storage | null;
  socket?: Partial<WebSocketServiceOptions>;
  fetch?: typeof fetch;
}

const UNVERIFIED_EVERY_MS = 30_000;

/** Sign in (the profile is made if there is none) and put a chat together; `start` connects it. */
export async function createChat(options: ChatOptions): Promise<Chat> {
  const api = new HttpApi({
    base: options.apiBase ?? "",
    tokens: options.tokens,
    ...(options.fetch && { fetch: options.fetch }),
  });
  return new Chat(options, api, await api.me());
}

/**
 * One person's chat: the store, and everything that keeps it true. Whatever is missing in the state is fetched, whatever
 * is due is sent; each answer changes the state by a pure function of `store/`.
 */
export class Chat {
  readonly api: HttpApi;
  readonly #socket: WebSocketService;
  readonly #kept: KeptDrafts | null;
  readonly #shown: Shown;
  readonly #fetches: Fetches;
  readonly #typedAt = new Map<string, number>();
  readonly #markedAt = new Map<string, number>();
  readonly #marked = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #askedMeAt = 0;
  #isPumping = false;
  #state: ChatState;
  #stopped = false;

  constructor(options: ChatOptions, api: HttpApi, me: Me) {
    this.api = api;
    this.#kept = options.storage == null ? null : new KeptDrafts(me.userId, options.storage);
    this.#state = initialState(me, this.#kept?.load() ?? []);
    this.#shown = new Shown(this.#state);
    this.#socket = new WebSocketService({ url: options.websocketUrl, tokens: options.tokens, ...options.socket });
    this.#fetches = new Fetches(api, {
      state: () => this.#state,
      change: (how) => this.#change(how),
      pump: () => this.#pump(),
      signInNeeded: () => this.#signInNeeded(),
    });
    this.#socket.subscribe((event) => this.#happened(event));
  }

  /** What the page shows. */
  get store(): StoreApi<ChatState> {
    return this.#shown.store;
  }

  /** As it is now; what the store shows may be a moment behind while many frames arrive. */
  get state(): ChatState {
    return this.#state;
  }

  /** Connect. Resolves at once; the state's `connection` tells how it goes. */
  start(): void {
    this.#stopped = false;
    if (typeof window !== "undefined") window.addEventListener("storage", this.#storageChanged);
    this.#socket.connect().catch(() => undefined);
  }

  /** Disconnect, for good. What is unsent stays kept. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#shown.stop();
    if (typeof window !== "undefined") window.removeEventListener("storage", this.#storageChanged);
    this.#socket.close();
  }

  /** Forget what is kept on this device. */
  forget(): void {
    this.#kept?.clear();
  }

  /** Try to connect now. */
  retryNow(): void {
    this.#fetches.forgive();
    this.#socket.retryNow();
  }

  /** Look into a room (null: none); its history is fetched. */
  open(chatRoomId: string | null): void {
    this.#change((state) => events.activated(state, chatRoomId));
  }

  /** Post a message; it is shown at once and sent as soon as that is possible. */
  send(chatRoomId: string, content: string): void {
    const createdAt = Date.now() + this.state.clockOffsetMs;
    const draft = newDraft(crypto.randomUUID(), chatRoomId, content, createdAt);
    this.#change((state) => events.submitted(state, draft, Date.now()));
  }

  retry(clientMessageId: string): void {
    this.#change((state) => ({
      ...state,
      drafts: retried(state.drafts, clientMessageId, state.connection.state === "open", Date.now()),
    }));
  }

  discard(clientMessageId: string): void {
    this.#change((state) => ({ ...state, drafts: discarded(state.drafts, clientMessageId) }));
  }

  /** Everything up to `seq` was on the screen. */
  markRead(chatRoomId: string, seq: number): void {
    this.#change((state) => events.readUpTo(state, chatRoomId, seq), "soon");
  }

  /** A key was pressed: told to the others at most every 3 s. */
  typed(chatRoomId: string): void {
    const now = Date.now();
    if (now - (this.#typedAt.get(chatRoomId) ?? 0) < TYPING_INTERVAL_S * 1000) return;
    if (this.#socket.send({ action: "typing", chatRoomId })) this.#typedAt.set(chatRoomId, now);
  }

  /** Fetch what stands before the first message shown, once. */
  loadOlder(chatRoomId: string): void {
    this.#fetches.older(chatRoomId);
  }

  /** Ask again who I am: the profile may have been changed elsewhere. */
  refreshMe(): void {
    if (this.#fetches.me()) this.#askedMeAt = Date.now();
  }

  /** Make a room; resolves to its id once it may be opened. */
  async createRoom(name: string, participantIds: string[]): Promise<string> {
    const chatRoomId = crypto.randomUUID();
    await this.api.createRoom({ chatRoomId, name, participantIds });
    const details = await this.api.room(chatRoomId);
    this.#change((state) => events.roomDetails(events.roomMade(state, details), details));
    return chatRoomId;
  }

  async addParticipant(chatRoomId: string, userId: string): Promise<void> {
    await this.api.addParticipant(chatRoomId, userId);
    this.#change((state) => events.detailsChanged(state, chatRoomId));
  }

  /** Remove somebody, or leave. */
  async removeParticipant(chatRoomId: string, userId: string): Promise<void> {
    await this.api.removeParticipant(chatRoomId, userId);
    const isMe = userId === this.state.me.userId;
    this.#change((state) => (isMe ? withoutRoom(state, chatRoomId) : events.detailsChanged(state, chatRoomId)));
  }

  async setDisplayName(displayName: string): Promise<void> {
    await this.api.setDisplayName(this.state.me.userId, displayName);
    this.#change((state) => events.me(state, { ...state.me, displayName }));
  }

  #happened(event: TransportEvent): void {
    if (event.type === "frame") this.#change((state) => apply(state, event.frame, Date.now()), "soon");
    if (event.type !== "status") return;
    if (event.status.state === "open") {
      this.#fetches.forgive();
      this.#marked.clear();
      this.refreshMe();
    }
    this.#change((state) => events.connection(state, event.status, Date.now()));
  }

  readonly #storageChanged = (event: StorageEvent): void => {
    const key = this.#kept?.removed(event);
    if (key != null) this.discard(key);
  };

  #change(how: (state: ChatState) => ChatState, show: "now" | "soon" = "now"): void {
    const before = this.#state;
    this.#state = how(before);
    if (this.#state.drafts !== before.drafts) this.#kept?.save(this.#state.drafts);
    if (this.#state !== before) this.#shown.show(this.#state, show);
    this.#pump();
  }

  /** Do what the state asks for. What is begun here changes the state, so that nothing is begun twice. */
  #pump(): void {
    if (this.#isPumping || this.#stopped) return;
    this.#isPumping = true;
    this.#sendDue();
    this.#sendReadMarks();
    this.#fetches.wanted();
    this.#isPumping = false;
    this.#sleep();
  }

  #sendDue(): void {
    for (const draft of this.state.drafts) {
      if (!isDue(draft, Date.now())) continue;
      const { clientMessageId, chatRoomId, content } = draft;
      if (!this.#socket.send({ action: "sendMessage", chatRoomId, content, clientMessageId })) return;
      this.#change((state) => ({ ...state, drafts: sent(state.drafts, clientMessageId, Date.now()) }));
    }
  }

  #sendReadMarks(): void {
    for (const { chatRoomId, lastReadSeq, confirmedReadSeq } of Object.values(this.state.rooms ?? {})) {
      const isDone = lastReadSeq <= Math.max(confirmedReadSeq, this.#marked.get(chatRoomId) ?? 0);
      if (isDone || Date.now() - (this.#markedAt.get(chatRoomId) ?? 0) < READ_MARK_INTERVAL_S * 1000) continue;
      if (!this.#socket.send({ action: "markRead", chatRoomId, seq: lastReadSeq })) return;
      this.#marked.set(chatRoomId, lastReadSeq);
      this.#markedAt.set(chatRoomId, Date.now());
    }
  }

  #signInNeeded(): void {
    this.#socket.close();
    this.#change((state) => events.connection(state, { state: "ended", why: "sign-in" }, Date.now()));
  }

  /** Wake up when the next thing is due. */
  #sleep(): void {
    clearTimeout(this.#timer);
    const now = Date.now();
    const next = Math.min(this.#nextDueAt(now), this.#fetches.nextRetryAt(now));
    if (next < Infinity) this.#timer = setTimeout(() => this.#wake(), Math.max(20, next - now));
  }

  #nextDueAt(now: number): number {
    const { drafts, rooms, me } = this.state;
    const all = Object.values(rooms ?? {});
    const typing = all.flatMap((room) => Object.values(room.typing));
    const marks = all
      .filter((room) => room.lastReadSeq > room.confirmedReadSeq)
      .map((room) => (this.#markedAt.get(room.chatRoomId) ?? 0) + READ_MARK_INTERVAL_S * 1000);
    const due = drafts.flatMap(({ dueAt }) => dueAt ?? []);
    const unverified = me.verificationStatus === "approved" ? Infinity : this.#askedMeAt + UNVERIFIED_EVERY_MS;
    return Math.min(
      Infinity,
      unverified,
      ...typing,
      ...marks.filter((at) => at > now),
      ...due.filter((at) => at > now),
    );
  }

  #wake(): void {
    const { me } = this.state;
    if (me.verificationStatus !== "approved" && this.#askedMeAt + UNVERIFIED_EVERY_MS <= Date.now()) this.refreshMe();
    this.#change((state) => events.typingEnded(state, Date.now()));
  }
}
