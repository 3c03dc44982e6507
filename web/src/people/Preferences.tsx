import { useState } from "react";
import { useTranslation } from "react-i18next";
import { currentTheme, setTheme, type Theme } from "../app/theme";
import { LANGUAGES, setLanguage, type Language } from "../i18n";

export function LanguagePicker() {
  const { t, i18n } = useTranslation();
  return (
    <label className="field row">
      {t("profile.language")}
      <select value={i18n.language} onChange={(event) => setLanguage(event.target.value as Language)}>
        {Object.entries(LANGUAGES).map(([code, name]) => (
          <option key={code} value={code} lang={code}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export function ThemePicker() {
  const { t } = useTranslation();
  const [theme, setShown] = useState(currentTheme);
  return (
    <label className="field row">
      {t("profile.theme")}
      <select
        value={theme}
        onChange={(event) => {
          setTheme(event.target.value as Theme);
          setShown(event.target.value as Theme);
        }}
      >
        {(["system", "light", "dark"] as const).map((name) => (
          <option key={name} value={name}>
            {t(`profile.${name}`)}
          </option>
        ))}
      </select>
    </label>
  );
}
