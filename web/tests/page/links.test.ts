import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pieces } from "../../src/shared/links.ts";

describe("a text", () => {
  it("is never changed, whatever it holds", () => {
    const words = fc.constantFrom(
      "https://example.com/",
      "javascript:alert(1)",
      "//x.jp",
      "a@b.com",
      "ftp://x.org",
      "<b>",
      "\u202e",
      "www.x.com",
      " ",
      "\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(words, fc.string())), (parts) => {
        const text = parts.join("");
        expect(
          pieces(text)
            .map((piece) => piece.text)
            .join(""),
        ).toBe(text);
      }),
    );
  });

  it("leads nowhere but to pages and letters", () => {
    const schemes = fc.constantFrom(
      "javascript",
      "JAVASCRIPT",
      "data",
      "vbscript",
      "file",
      "blob",
      "ftp",
      "intent",
      "http",
      "https",
    );
    fc.assert(
      fc.property(schemes, fc.webPath(), fc.domain(), (scheme, path, domain) => {
        for (const { href } of pieces(`${scheme}://${domain}${path} ${scheme}:${domain}`)) {
          if (href !== undefined) expect(href).toMatch(/^(https?:\/\/|mailto:)/i);
        }
      }),
    );
  });
});
