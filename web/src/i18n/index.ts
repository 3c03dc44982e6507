import i18next from "i18next";
import { initReactI18next } from "react-i18next";
import { en } from "./en";
import { ja } from "./ja";

const KEY = "kaiwa/language";
export const LANGUAGES = { ja: "日本語", en: "English" } as const;
export type Language = keyof typeof LANGUAGES;

declare module "i18next" {
  interface CustomTypeOptions {
    resources: { translation: typeof en };
  }
}

/** Texts are there at once: both languages together weigh less than a request. */
export function startI18n(): void {
  void i18next.use(initReactI18next).init({
    lng: preferred(),
    fallbackLng: "en",
    resources: { en: { translation: en }, ja: { translation: ja } },
    // React renders text as text.
    interpolation: { escapeValue: false },
  });
  document.documentElement.lang = i18next.language;
}

export function setLanguage(language: Language): void {
  localStorage.setItem(KEY, language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}

function preferred(): Language {
  const kept = localStorage.getItem(KEY);
  if (kept === "ja" || kept === "en") return kept;
  return navigator.languages.find((name) => /^(ja|en)\b/.test(name))?.startsWith("ja") ? "ja" : "en";
}
