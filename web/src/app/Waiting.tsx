import { useTranslation } from "react-i18next";
import { Button } from "../shared/Button";

export function Loading() {
  const { t } = useTranslation();
  return (
    <main className="whole-page" aria-busy="true">
      <span className="spinner" aria-hidden="true" />
      <p>{t("app.loading")}</p>
    </main>
  );
}

export function Failure({ again }: { again: () => void }) {
  const { t } = useTranslation();
  return (
    <main className="whole-page">
      <p role="alert">{t("app.failed")}</p>
      <Button kind="primary" onClick={again}>
        {t("app.tryAgain")}
      </Button>
    </main>
  );
}
