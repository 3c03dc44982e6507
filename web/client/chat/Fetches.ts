import { PAGE_MESSAGES } from "../generated/limits.ts";
import { ApiError, type HttpApi } from "../http/HttpApi.ts";
import { withoutRoom } from "../store/apply.ts";
import type { Draft } from "../store/drafts.ts";
import * as events from "../store/events.ts";
import type { ChatState, RoomState } from "../store/state.ts";
import { wantedPage } from "../store/timeline.ts";
import { SignInNeeded } from "../transport/tokens.ts";
import { Errands } from "./Errands.ts";
import { postedAs } from "./posted.ts";

/** The chat as its fetches see it. */
export interface Fetching {
  state(): ChatState;
  change(how: (state: ChatState) => ChatState): void;
  /** Something has ended: look for what is to be done now. */
  pump(): void;
  signInNeeded(): void;
}

const NEWEST_PAGE = 60;

/** What the state lacks, and how it is got: one errand for each gap, begun again later where it fails. */
export class Fetches {
  readonly #api: HttpApi;
  readonly #chat: Fetching;
  readonly #errands = new Errands();
  readonly #looks = new Map<string, number>();

  constructor(api: HttpApi, chat: Fetching) {
    this.#api = api;
    this.#chat = chat;
  }

  /** What failed may be tried again at once. */
  forgive(): void {
    this.#errands.forgive();
  }

  nextRetryAt(now: number): number {
    return this.#errands.nextRetryAt(now);
  }

  /** Begin to fetch whatever the state lacks and nobody fetches yet. */
  wanted(): void {
    const { connection, roomsStale, rooms, activeRoomId } = this.#chat.state();
    // While it connects, what is fetched would be fetched again in a moment.
    if (connection.state !== "open" && connection.state !== "waiting") return;
    if (roomsStale && this.#isFree("rooms")) this.#fetchRooms();
    const room = activeRoomId === null ? undefined : rooms?.[activeRoomId];
    if (room !== undefined) this.#fetchOf(room);
    for (const draft of this.#chat.state().drafts) {
      if (draft.state === "accepted" && draft.dueAt !== null && draft.dueAt <= Date.now()) this.#look(draft);
    }
  }

  /** Fetch what stands before the first message shown, once. */
  older(chatRoomId: string): void {
    const timeline = this.#chat.state().rooms?.[chatRoomId]?.timeline;
    const first = timeline?.messages[0];
    if (!timeline?.hasOlder || timeline.olderAsked || first === undefined) return;
    if (!this.#isFree(`older ${chatRoomId}`)) return;
    this.#chat.change((state) => events.askingOlder(state, chatRoomId));
    this.#run(
      `older ${chatRoomId}`,
      chatRoomId,
      async () => {
        const answer = await this.#api.messages(chatRoomId, { before: first.timestamp }, PAGE_MESSAGES / 2);
        this.#chat.change((state) => events.older(state, chatRoomId, timeline.generation, answer));
      },
      () => events.olderFailed(this.#chat.state(), chatRoomId),
    );
  }

  /** Ask again who I am; whether that was begun. */
  me(): boolean {
    if (!this.#isFree("me")) return false;
    this.#run("me", null, async () => {
      const me = await this.#api.me();
      this.#chat.change((state) => events.me(state, me));
    });
    return true;
  }

  #fetchRooms(): void {
    this.#chat.change(events.askingRooms);
    this.#run(
      "rooms",
      null,
      async () => {
        const { rooms } = await this.#api.rooms();
        this.#chat.change((state) => events.rooms(state, rooms));
      },
      () => ({ ...this.#chat.state(), roomsStale: true }),
    );
  }

  #fetchOf(room: RoomState): void {
    const id = room.chatRoomId;
    const fetch = wantedPage(room.timeline);
    if (fetch !== null && this.#isFree(`page ${id}`)) {
      this.#chat.change((state) => events.askingPage(state, id));
      this.#run(
        `page ${id}`,
        id,
        async () => {
          const side = fetch.after === null ? {} : { after: fetch.after };
          const answer = await this.#api.messages(id, side, fetch.after === null ? NEWEST_PAGE : PAGE_MESSAGES);
          this.#chat.change((state) => events.page(state, id, fetch, answer));
        },
        () => events.pageFailed(this.#chat.state(), id, fetch),
      );
    }
    if (room.detailsStale && this.#isFree(`details ${id}`)) {
      this.#chat.change((state) => events.askingDetails(state, id));
      this.#run(
        `details ${id}`,
        id,
        async () => {
          const [details, presence] = await Promise.all([this.#api.room(id), this.#api.presence(id)]);
          this.#chat.change((state) => events.presences(events.roomDetails(state, details), presence.presence));
        },
        () => events.detailsChanged(this.#chat.state(), id),
      );
    }
  }

  /** Was an accepted draft posted before this page could hear of it? Its message stands near the time it was typed. */
  #look(draft: Draft): void {
    const key = draft.clientMessageId;
    if (!this.#isFree(`look ${key}`)) return;
    this.#run(`look ${key}`, null, async () => {
      const found = await postedAs(draft, this.#api);
      const looks = (this.#looks.get(key) ?? 0) + 1;
      this.#looks.set(key, looks);
      this.#chat.change((state) => events.looked(state, key, found, looks, Date.now()));
    });
  }

  #isFree(name: string): boolean {
    return this.#errands.isFree(name, Date.now());
  }

  /** An errand about a room (or none) whose failure leaves the state as `failed` says. */
  #run(name: string, chatRoomId: string | null, errand: () => Promise<void>, failed?: () => ChatState): void {
    void this.#errands
      .run(name, async () => {
        try {
          await errand();
          return null;
        } catch (error) {
          return this.#failed(error, chatRoomId, failed);
        }
      })
      .then(() => this.#chat.pump());
  }

  #failed(error: unknown, chatRoomId: string | null, failed?: () => ChatState): number {
    if (error instanceof SignInNeeded) this.#chat.signInNeeded();
    else if (!(error instanceof ApiError)) reportError(error);
    else if (error.status === 404 && chatRoomId !== null) this.#chat.change((state) => withoutRoom(state, chatRoomId));
    if (failed !== undefined) this.#chat.change(failed);
    return error instanceof ApiError ? (error.retryAfterMs ?? 0) : 0;
  }
}
