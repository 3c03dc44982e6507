import type {
  CommandOutcome,
  Me,
  Messages,
  People,
  ProblemBody,
  Profile,
  Room,
  RoomDetails,
  RoomPresence,
  Rooms,
} from "../generated/http.ts";
import { SignInNeeded, type TokenSource } from "../transport/tokens.ts";

export type ProblemCode = ProblemBody["code"] | "NETWORK" | "UNREADABLE" | "UNDECIDED";

/** A request that was not served. `retryable`: the same request may succeed later. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly code: ProblemCode,
    readonly status: number,
    message: string,
    readonly retryAfterMs: number | null = null,
  ) {
    super(message);
  }
  get retryable(): boolean {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

export interface HttpApiOptions {
  /** Origin of the API, without a trailing slash; empty for the page's own. */
  base: string;
  tokens: TokenSource;
  fetch?: typeof fetch;
}

const WITHIN_MS = 20_000;
const DECISIONS = 10;
const DECISION_EVERY_MS = 1_000;

/** The HTTP API (spec 8). Every method rejects with ApiError, or SignInNeeded. */
export class HttpApi {
  readonly #options: HttpApiOptions;

  constructor(options: HttpApiOptions) {
    this.#options = options;
  }

  me = () => this.#get<Me>("/api/users/me");
  rooms = () => this.#get<Rooms>("/api/rooms");
  room = (id: string) => this.#get<RoomDetails>(`/api/rooms/${segment(id)}`);
  presence = (id: string) => this.#get<RoomPresence>(`/api/rooms/${segment(id)}/presence`);
  people = (query: string) => this.#get<People>(`/api/users?query=${encodeURIComponent(query)}`);

  /** A page of the history, ascending: what follows `after`, what precedes `before`, or the newest. */
  messages(id: string, side: { after?: number; before?: number }, limit: number): Promise<Messages> {
    const query = new URLSearchParams({ limit: String(limit) });
    for (const [name, value] of Object.entries(side)) query.set(name, String(value));
    return this.#get<Messages>(`/api/rooms/${segment(id)}/messages?${query.toString()}`);
  }

  /** Safe to repeat: the same id, name and people give the same room. */
  createRoom = (room: { chatRoomId: string; name: string; participantIds: string[] }) =>
    this.#ask<Room>("POST", "/api/rooms", room);
  addParticipant = (id: string, userId: string) =>
    this.#ask<CommandOutcome>("PUT", `/api/rooms/${segment(id)}/participants/${segment(userId)}`);
  removeParticipant = (id: string, userId: string) =>
    this.#ask<CommandOutcome>("DELETE", `/api/rooms/${segment(id)}/participants/${segment(userId)}`);
  setDisplayName = (userId: string, displayName: string) =>
    this.#ask<Profile>("PUT", `/api/users/${segment(userId)}/profile`, { displayName });

  async #get<T>(path: string): Promise<T> {
    return this.#ask<T>("GET", path);
  }

  async #ask<T>(method: string, path: string, body?: unknown): Promise<T> {
    let answer = await this.#request(method, path, body, false);
    if (answer.status === 401) answer = await this.#request(method, path, body, true);
    if (answer.status === 401) throw new SignInNeeded(`${method} ${path} was not believed`);
    if (!answer.ok) throw await problem(answer);
    const content: unknown = answer.status === 204 ? null : await readable(answer);
    if (answer.status !== 202) return content as T;
    return (await this.#decision((content as { eventId: string }).eventId)) as T;
  }

  /** A late command (202): wait for what was decided. What it made, the caller asks for. */
  async #decision(eventId: string): Promise<CommandOutcome> {
    for (let turn = 0; turn < DECISIONS; turn += 1) {
      await new Promise((resolve) => setTimeout(resolve, DECISION_EVERY_MS));
      const answer = await this.#request("GET", `/api/commands/${segment(eventId)}`, undefined, false);
      if (answer.status === 404) continue;
      if (!answer.ok) throw await problem(answer);
      const outcome = (await readable(answer)) as CommandOutcome;
      if (outcome.status >= 400) throw new ApiError(outcome.code as ProblemCode, outcome.status, outcome.code);
      return outcome;
    }
    throw new ApiError("UNDECIDED", 0, "It is in the log and not decided yet");
  }

  async #request(method: string, path: string, body: unknown, renew: boolean): Promise<Response> {
    const token = await this.#options.tokens.get({ renew });
    const headers = new Headers({ Authorization: `Bearer ${token}` });
    if (body !== undefined) headers.set("Content-Type", "application/json");
    const ask = this.#options.fetch ?? fetch;
    try {
      return await ask(this.#options.base + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(WITHIN_MS),
        cache: "no-store",
      });
    } catch {
      // The error's own text could hold the address; nothing of it is needed.
      throw new ApiError("NETWORK", 0, `${method} ${path.split("?")[0] ?? ""} got no answer`);
    }
  }
}

function segment(id: string): string {
  return encodeURIComponent(id);
}

async function readable(answer: Response): Promise<unknown> {
  try {
    return await answer.json();
  } catch {
    throw new ApiError("UNREADABLE", 0, "The answer cannot be read");
  }
}

async function problem(answer: Response): Promise<ApiError> {
  const retryAfter = Number(answer.headers.get("Retry-After") ?? NaN);
  const retryAfterMs = Number.isFinite(retryAfter) ? retryAfter * 1000 : null;
  try {
    const body = (await answer.json()) as Partial<ProblemBody>;
    return new ApiError(body.code ?? "INTERNAL", answer.status, body.detail ?? answer.statusText, retryAfterMs);
  } catch {
    return new ApiError(
      answer.status === 503 ? "UNAVAILABLE" : "INTERNAL",
      answer.status,
      answer.statusText,
      retryAfterMs,
    );
  }
}
