import { beforeEach, describe, expect, it, vi } from "vitest";
import { ApiError, HttpApi } from "../../client/http/HttpApi.ts";
import { SignInNeeded } from "../../client/transport/tokens.ts";

type Answer = Response | Error;

function given(...answers: Answer[]) {
  const asked: { url: string; init: RequestInit }[] = [];
  const renewed: boolean[] = [];
  const api = new HttpApi({
    base: "https://chat.example.com",
    tokens: {
      get: ({ renew }) => {
        renewed.push(renew);
        return Promise.resolve(renew ? "new" : "old");
      },
    },
    fetch: (url, init) => {
      asked.push({ url: String(url instanceof Request ? url.url : url), init: init ?? {} });
      const answer = answers.shift() ?? new Error("nothing more");
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  return { api, asked, renewed };
}

const json = (body: unknown, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });
const problem = (code: string, status: number, headers = {}) =>
  json({ code, status, detail: "because" }, status, headers);

beforeEach(() => {
  vi.useFakeTimers();
  return () => vi.useRealTimers();
});

describe("a request", () => {
  it("carries the token in its header, and ids so that they stay one segment", async () => {
    const { api, asked } = given(json({ messages: [], hasMore: false }));
    await api.messages("a/b?c", { after: 7 }, 200);
    expect(asked[0]?.url).toBe("https://chat.example.com/api/rooms/a%2Fb%3Fc/messages?limit=200&after=7");
    expect(new Headers(asked[0]?.init.headers).get("Authorization")).toBe("Bearer old");
  });

  it("that is not believed is repeated once with a new token; then one has to sign in", async () => {
    const once = given(problem("UNAUTHENTICATED", 401), json({ rooms: [] }));
    await expect(once.api.rooms()).resolves.toEqual({ rooms: [] });
    expect(once.renewed).toEqual([false, true]);
    const twice = given(problem("UNAUTHENTICATED", 401), problem("UNAUTHENTICATED", 401));
    await expect(twice.api.rooms()).rejects.toBeInstanceOf(SignInNeeded);
  });

  it.each([
    [problem("NOT_FOUND", 404), "NOT_FOUND", false, null],
    [problem("VERIFICATION_REQUIRED", 403), "VERIFICATION_REQUIRED", false, null],
    [problem("THROTTLED", 429, { "Retry-After": "3" }), "THROTTLED", true, 3000],
    [problem("UNAVAILABLE", 503, { "Retry-After": "1" }), "UNAVAILABLE", true, 1000],
    [new Response("<html>Bad Gateway</html>", { status: 502 }), "INTERNAL", true, null],
    [new Response("<html>", { status: 200 }), "UNREADABLE", true, null],
    [new TypeError("Failed to fetch https://chat.example.com/?token=secret"), "NETWORK", true, null],
  ])(
    "that was not served tells why and whether it may be repeated (%#)",
    async (answer, code, retryable, retryAfterMs) => {
      const error: unknown = await given(answer)
        .api.rooms()
        .catch((reason: unknown) => reason);
      if (!(error instanceof ApiError)) throw new Error("no ApiError");
      expect([error.code, error.retryable, error.retryAfterMs]).toEqual([code, retryable, retryAfterMs]);
      expect(error.message).not.toContain("secret");
    },
  );

  it("that is decided late is waited for, and a refusal is one", async () => {
    const decided = { eventId: "e", code: "OK", status: 200 };
    const late = given(json({ eventId: "e" }, 202), problem("NOT_FOUND", 404), json(decided));
    const adding = late.api.addParticipant("r", "u");
    await vi.advanceTimersByTimeAsync(2_000);
    await expect(adding).resolves.toEqual(decided);
    expect(late.asked[2]?.url).toBe("https://chat.example.com/api/commands/e");
    const refused = given(json({ eventId: "e" }, 202), json({ eventId: "e", code: "FORBIDDEN", status: 403 }));
    const removing = refused.api.removeParticipant("r", "u").catch((error: unknown) => error);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await removing).toMatchObject({ code: "FORBIDDEN", status: 403 });
  });
});
