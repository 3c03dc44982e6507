import type { ClientFrame } from "../generated/client-frames.ts";
import type { ServerFrame } from "../generated/server-frames.ts";
import { decodeFrame } from "./frames.ts";
import { afterClose, isTired, pauseMs, type EndReason } from "./returning.ts";
import { expiryOf, SignInNeeded, type TokenSource } from "./tokens.ts";

/** Frames beyond the source design's that the server may push (spec 2). */
export type Feature = "presence" | "read" | "typing" | "rooms";
export const ALL_FEATURES: readonly Feature[] = ["presence", "read", "typing", "rooms"];

export type ConnectionStatus =
  | { state: "idle" }
  | { state: "connecting" }
  | { state: "open" }
  /** `tired`: the quick tries were in vain; it goes on slowly, and a person may call `retryNow`. */
  | { state: "waiting"; retryAt: number; tired: boolean }
  | { state: "ended"; why: EndReason };

export type TransportEvent =
  | { type: "status"; status: ConnectionStatus }
  | { type: "frame"; frame: ServerFrame }
  /** A frame that is passed over: of a type this client does not know, or not of the contract's shape. */
  | { type: "ignored"; why: "unknown" | "malformed" };

export interface WebSocketServiceOptions {
  /** With the stage: `wss://chat.example.com/prod`. */
  url: string;
  tokens: TokenSource;
  features?: readonly Feature[];
  createSocket?: (url: string) => WebSocket;
  /** Where `online`, `offline`, `pageshow` and `visibilitychange` happen. */
  page?: { window: EventTarget; document: EventTarget & { visibilityState?: string } };
  random?: () => number;
}

const PING_MS = 30_000;
const PONG_WITHIN_MS = 10_000;
const WAKING_PONG_WITHIN_MS = 4_000;
const OPEN_WITHIN_MS = 10_000;
const TOKEN_WITHIN_MS = 15_000;
/** So long before its token expires, a connection is given a new one; a refused one is tried again as long after. */
const REFRESH_BEFORE_MS = 60_000;
const SOONEST_REFRESH_MS = 5_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** A connection that lasted so long makes the next try the first one again; one that is closed at once does not. */
const STABLE_MS = 10_000;

/**
 * One WebSocket that comes back by itself (spec 10). At most one socket at any time.
 *
 * It returns after 1, 2, 4, 8 and 16 s, then every 30 to 60 s; at once when the browser is online again or the page
 * wakes; never after a close code that forbids it or after `close`. A silent connection is noticed by its missing PONG.
 */
export class WebSocketService {
  readonly #options: WebSocketServiceOptions;
  readonly #listeners = new Set<(event: TransportEvent) => void>();
  readonly #forget: (() => void)[] = [];
  #status: ConnectionStatus = { state: "idle" };
  #socket: WebSocket | null = null;
  /** Rises with every try and every close: whatever was begun before it is void. */
  #turn = 0;
  #tries = 0;
  #renew = false;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #stable: ReturnType<typeof setTimeout> | undefined;
  #heartbeat: ReturnType<typeof setInterval> | undefined;
  #pong: ReturnType<typeof setTimeout> | undefined;
  #refresh: ReturnType<typeof setTimeout> | undefined;
  /** Of the token in use, epoch ms of the server's clock. */
  #expiresAt: number | null = null;
  #pings = 0;
  #opened: { resolve: () => void; reject: (error: Error) => void }[] = [];

  constructor(options: WebSocketServiceOptions) {
    this.#options = options;
  }

  get status(): ConnectionStatus {
    return this.#status;
  }

  /** Be told of everything that happens; the result ends it. */
  subscribe(listener: (event: TransportEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Close an existing socket, open another, and keep it open. Resolves on the first open; rejects once it is over. */
  connect(): Promise<void> {
    this.#listen();
    this.#tries = 0;
    const opened = new Promise<void>((resolve, reject) => this.#opened.push({ resolve, reject }));
    void this.#try();
    return opened;
  }

  /** Close it on purpose; it does not come back. */
  close(): void {
    this.#forget.splice(0).forEach((forget) => forget());
    this.#end("closed", false);
    this.#set({ state: "idle" });
  }

  /** Try now instead of later, as if for the first time. */
  retryNow(): void {
    if (this.#status.state !== "waiting" && this.#status.state !== "ended") return;
    this.#listen();
    this.#tries = 0;
    void this.#try();
  }

  /** Whether the frame was handed to an open socket; that it arrives, only an answer tells. */
  send(frame: ClientFrame): boolean {
    if (this.#status.state !== "open" || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  async #try(): Promise<void> {
    const turn = this.#drop();
    this.#set({ state: "connecting" });
    let token: string;
    try {
      token = await within(TOKEN_WITHIN_MS, this.#options.tokens.get({ renew: this.#renew }));
    } catch (error) {
      if (turn !== this.#turn) return;
      if (error instanceof SignInNeeded) this.#end("sign-in");
      else this.#later(false);
      return;
    }
    if (turn !== this.#turn) return;
    this.#expiresAt = expiryOf(token);
    this.#open(token, turn);
  }

  #open(token: string, turn: number): void {
    const address = new URL(this.#options.url);
    address.searchParams.set("token", token);
    const features = this.#options.features ?? ALL_FEATURES;
    if (features.length > 0) address.searchParams.set("features", features.join(","));
    const create = this.#options.createSocket ?? ((url: string) => new WebSocket(url));
    let socket: WebSocket;
    try {
      socket = create(address.href);
    } catch {
      this.#later(false);
      return;
    }
    this.#socket = socket;
    // A handshake without an answer would be waited for as long as the browser likes.
    this.#pong = setTimeout(() => this.#lost(turn), OPEN_WITHIN_MS);
    socket.onopen = () => turn === this.#turn && this.#isOpen();
    socket.onmessage = ({ data }) => turn === this.#turn && this.#received(data);
    socket.onclose = ({ code }) => turn === this.#turn && this.#closed(code);
  }

  #isOpen(): void {
    clearTimeout(this.#pong);
    this.#renew = false;
    this.#stable = setTimeout(() => (this.#tries = 0), STABLE_MS);
    this.#heartbeat = setInterval(() => this.#ping(PONG_WITHIN_MS), PING_MS);
    this.#set({ state: "open" });
    // The first one tells the server's time.
    this.#ping(PONG_WITHIN_MS);
    this.#opened.splice(0).forEach(({ resolve }) => resolve());
  }

  #received(data: unknown): void {
    const decoded = decodeFrame(data);
    if (decoded.kind !== "frame") {
      this.#tell({ type: "ignored", why: decoded.kind });
      return;
    }
    this.#noticed(decoded.frame);
    this.#tell({ type: "frame", frame: decoded.frame });
  }

  /** What the connection itself learns from a frame: that it lives, and by the server's own clock for how long. */
  #noticed(frame: ServerFrame): void {
    if (frame.type === "TOKEN_REFRESHED") this.#expiresAt = Date.parse(frame.expiresAt);
    if (frame.type === "PONG") clearTimeout(this.#pong);
    const isFirstPong = frame.type === "PONG" && this.#refresh === undefined;
    if ((!isFirstPong && frame.type !== "TOKEN_REFRESHED") || this.#expiresAt === null) return;
    const left = this.#expiresAt - frame.serverTime - REFRESH_BEFORE_MS;
    clearTimeout(this.#refresh);
    this.#refresh = setTimeout(
      () => void this.#refreshToken(),
      Math.min(Math.max(left, SOONEST_REFRESH_MS), LONGEST_TIMER_MS),
    );
  }

  /** A connection whose token is about to expire lives on with a new one; without one it is closed, and comes back. */
  async #refreshToken(): Promise<void> {
    const turn = this.#turn;
    try {
      const token = await within(TOKEN_WITHIN_MS, this.#options.tokens.get({ renew: true }));
      if (turn === this.#turn) this.send({ action: "refreshToken", token });
    } catch (error) {
      if (turn === this.#turn && error instanceof SignInNeeded) this.#end("sign-in");
    }
  }

  #ping(answerWithinMs: number): void {
    const turn = this.#turn;
    clearTimeout(this.#pong);
    this.#pong = setTimeout(() => this.#lost(turn), answerWithinMs);
    this.#pings += 1;
    this.send({ action: "ping", id: this.#pings });
  }

  /** Nothing comes from there any more, and the browser has not noticed. */
  #lost(turn: number): void {
    if (turn === this.#turn) this.#closed(1006);
  }

  #closed(code: number): void {
    const neverOpened = this.#status.state !== "open";
    const after = afterClose(code);
    if (!after.returns) {
      this.#end(after.why);
      return;
    }
    // A browser does not tell why a handshake was refused; it may have been the token.
    this.#renew = after.newToken || neverOpened;
    this.#later(after.spread);
  }

  #later(spread: boolean): void {
    this.#drop();
    this.#tries += 1;
    const pause = pauseMs(this.#tries, (this.#options.random ?? Math.random)(), spread);
    this.#retry = setTimeout(() => void this.#try(), pause);
    this.#set({ state: "waiting", retryAt: Date.now() + pause, tired: isTired(this.#tries) });
  }

  #end(why: EndReason, tell = true): void {
    this.#drop();
    if (tell) this.#set({ state: "ended", why });
    this.#opened.splice(0).forEach(({ reject }) => reject(new Error(`The connection is over: ${why}`)));
  }

  /** No socket and no timer is left; the result names the turn that begins. */
  #drop(): number {
    [this.#retry, this.#stable, this.#pong, this.#refresh].forEach(clearTimeout);
    clearInterval(this.#heartbeat);
    this.#refresh = undefined;
    const socket = this.#socket;
    this.#socket = null;
    this.#turn += 1;
    if (socket !== null) {
      socket.onopen = socket.onmessage = socket.onclose = null;
      socket.close();
    }
    return this.#turn;
  }

  #listen(): void {
    if (this.#forget.length > 0) return;
    const page = this.#options.page ?? (typeof window === "undefined" ? undefined : { window, document });
    if (page === undefined) return;
    const on = (target: EventTarget, name: string, react: () => void) => {
      target.addEventListener(name, react);
      this.#forget.push(() => target.removeEventListener(name, react));
    };
    on(page.window, "online", () => this.#wake());
    on(page.window, "offline", () => this.#check());
    on(page.window, "pageshow", () => this.#wake());
    on(page.document, "visibilitychange", () => page.document.visibilityState !== "hidden" && this.#wake());
  }

  /** The network is back, or somebody looks at the page again. */
  #wake(): void {
    if (this.#status.state === "waiting") this.retryNow();
    else this.#check();
  }

  #check(): void {
    if (this.#status.state === "open") this.#ping(WAKING_PONG_WITHIN_MS);
  }

  #set(status: ConnectionStatus): void {
    this.#status = status;
    this.#tell({ type: "status", status });
  }

  #tell(event: TransportEvent): void {
    this.#listeners.forEach((listener) => listener(event));
  }
}

function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("It took too long")), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
