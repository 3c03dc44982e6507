import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterClose, isTired, pauseMs, PAUSES_S } from "../../client/transport/returning.ts";

const TABLE = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../contracts/generated/close-codes.json"), "utf8"),
) as { code: number; client_returns: string }[];

describe("after a close", () => {
  it.each(TABLE)(
    "$code: the contract decides whether the client comes back ($client_returns)",
    ({ code, client_returns }) => {
      expect(afterClose(code).returns).toBe(!["no", "after a new sign-in"].includes(client_returns));
    },
  );

  it("a code that nobody declared comes back", () => {
    expect(afterClose(4999)).toEqual({ returns: true, newToken: false, spread: false });
  });

  it("an expired token is replaced, revoked sessions end, a restart is spread", () => {
    expect(afterClose(4401)).toMatchObject({ returns: true, newToken: true });
    expect(afterClose(4403)).toEqual({ returns: false, why: "sign-in" });
    expect(afterClose(4409)).toEqual({ returns: false, why: "too-many-connections" });
    expect(afterClose(1009)).toEqual({ returns: false, why: "too-big" });
    expect(afterClose(1012)).toMatchObject({ returns: true, spread: true });
  });
});

describe("the pause before a try", () => {
  it("is 1, 2, 4, 8, 16 s, each within a quarter of it", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, chance) => {
        const step = (PAUSES_S[tries - 1] ?? 0) * 1000;
        const pause = pauseMs(tries, chance);
        return pause >= step * 0.75 && pause <= step * 1.25;
      }),
    );
    expect([1, 2, 3, 4, 5].map((tries) => pauseMs(tries, 0.5))).toEqual([1000, 2000, 4000, 8000, 16_000]);
  });

  it("is 30 to 60 s after five tries, which is told", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 6, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (tries, chance) => {
          const pause = pauseMs(tries, chance);
          return isTired(tries) && pause >= 30_000 && pause <= 60_000;
        },
      ),
    );
    expect(isTired(5)).toBe(false);
  });
});
