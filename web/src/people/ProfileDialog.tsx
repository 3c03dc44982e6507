import { DISPLAY_NAME_CHARACTERS } from "@kaiwa/client";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../app/chat";
import { Avatar } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { Confirm, Dialog } from "../shared/Dialog";
import { Problem } from "../shared/Problem";
import { useTask } from "../shared/useTask";
import { LanguagePicker, ThemePicker } from "./Preferences";
import { VerificationNotice } from "./VerificationNotice";

export function ProfileDialog({ onClose, onSignOut }: { onClose: () => void; onSignOut: () => void }) {
  const { t } = useTranslation();
  const chat = useChat();
  const me = useChatState((state) => state.me);
  const unsent = useChatState((state) => state.drafts.length);
  const [asking, setAsking] = useState(false);
  useEffect(() => chat.refreshMe(), [chat]);
  if (asking) {
    const text = t("profile.signOutUnsent", { count: unsent });
    return (
      <Confirm
        title={t("profile.signOut")}
        text={text}
        yes={t("profile.signOut")}
        onYes={onSignOut}
        onNo={() => setAsking(false)}
      />
    );
  }
  return (
    <Dialog title={t("profile.title")} onClose={onClose}>
      <div className="profile-head">
        <Avatar userId={me.userId} name={me.displayName} size="large" />
        <div>
          <bdi className="profile-name">{me.displayName}</bdi>
          <p className="muted user-id">{me.userId}</p>
          {me.isAdmin && <p className="muted">{t("profile.admin")}</p>}
        </div>
      </div>
      <NameForm name={me.displayName} />
      <p className="field row">
        {t("profile.status")}
        <span className={`verification ${me.verificationStatus}`}>{t(`profile.${me.verificationStatus}`)}</span>
      </p>
      {me.verificationStatus === "approved" ? (
        <p className="muted">{t("profile.approvedHint")}</p>
      ) : (
        <VerificationNotice />
      )}
      <ThemePicker />
      <LanguagePicker />
      <footer>
        <Button onClick={() => (unsent > 0 ? setAsking(true) : onSignOut())}>{t("profile.signOut")}</Button>
      </footer>
    </Dialog>
  );
}

function NameForm({ name }: { name: string }) {
  const { t } = useTranslation();
  const chat = useChat();
  const [typed, setTyped] = useState(name);
  const [saved, setSaved] = useState(false);
  const { busy, error, run } = useTask();
  const isChanged = typed.trim() !== "" && typed.trim() !== name;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (isChanged && !busy) run(() => chat.setDisplayName(typed.trim()).then(() => setSaved(true)));
      }}
    >
      <label className="field">
        {t("profile.name")}
        <span className="inline-form">
          <input
            value={typed}
            maxLength={DISPLAY_NAME_CHARACTERS}
            onChange={(event) => {
              setTyped(event.target.value);
              setSaved(false);
            }}
          />
          <Button kind="primary" type="submit" disabled={!isChanged || busy}>
            {t("profile.save")}
          </Button>
        </span>
      </label>
      <p role="status" className="muted">
        {saved && t("profile.saved")}
      </p>
      <Problem error={error} />
    </form>
  );
}
