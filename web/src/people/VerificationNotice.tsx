import { useTranslation } from "react-i18next";
import { useChatState } from "../app/chat";
import { Icon } from "../shared/Icon";

/** Why somebody may not write, and what happens next; nothing for those who may. */
export function VerificationNotice() {
  const { t } = useTranslation();
  const status = useChatState((state) => state.me.verificationStatus);
  if (status === "approved") return null;
  return (
    <section className="verification-notice" role="note">
      <Icon name="shield" />
      <div>
        <strong lang="ja">{t("verification.title")}</strong>{" "}
        <span className="notice-subtitle">{t("verification.subtitle")}</span>
        <p>
          {t(`verification.${status}`)} {t("verification.kept")}
        </p>
      </div>
    </section>
  );
}
