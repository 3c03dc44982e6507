import { expect, it } from "vitest";
import { en } from "../../src/i18n/en.ts";
import { ja } from "../../src/i18n/ja.ts";

function texts(node: object, path = ""): [string, string][] {
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    typeof value === "string"
      ? [[`${path}${key}`, value] as [string, string]]
      : texts(value as object, `${path}${key}.`),
  );
}

const holes = (text: string) => [...text.matchAll(/\{\{(\w+)\}\}/g)].map(([, name]) => name).sort();

it("every text is there in both languages, with the same things filled in", () => {
  const japanese = new Map(texts(ja));
  for (const [key, text] of texts(en)) expect(holes(japanese.get(key) ?? "missing"), key).toEqual(holes(text));
  expect(japanese.size).toBe(texts(en).length);
});
