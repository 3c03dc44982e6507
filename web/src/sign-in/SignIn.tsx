import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Config } from "../config";
import { Avatar } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { LanguagePicker } from "../people/Preferences";
import { DevelopmentSession, developmentUsers, type DevelopmentUser } from "./development";
import type { Session, SignInMethod } from "./session";

interface Props {
  config: Config;
  method: SignInMethod;
  why: "ended" | "failed" | null;
  onSession: (session: Session) => void;
}

export function SignIn({ config, method, why, onSession }: Props) {
  const { t } = useTranslation();
  const [stay, setStay] = useState(false);
  return (
    <main className="sign-in">
      <div className="card">
        <img src="/icon.svg" alt="" width="56" height="56" />
        <h1>{t("signIn.title")}</h1>
        {why !== null && (
          <p className="problem" role="alert">
            {t(`signIn.${why}`)}
          </p>
        )}
        <p className="muted">{t(config.development ? "signIn.pick" : "signIn.oidc")}</p>
        {config.development ? (
          <LocalUsers onPick={(userId) => onSession(DevelopmentSession.begin(userId, stay))} />
        ) : (
          <OidcButton method={method} stay={stay} />
        )}
        <label className="check">
          <input type="checkbox" checked={stay} onChange={(event) => setStay(event.target.checked)} />
          {t("signIn.stay")}
        </label>
        <LanguagePicker />
      </div>
    </main>
  );
}

function OidcButton({ method, stay }: { method: SignInMethod; stay: boolean }) {
  const { t } = useTranslation();
  const [failed, setFailed] = useState(false);
  const begin = async (): Promise<void> => {
    const { OidcMethod } = await import("./oidc");
    if (method instanceof OidcMethod) await method.begin(stay);
  };
  return (
    <>
      <Button kind="primary" onClick={() => void begin().catch(() => setFailed(true))}>
        {t("signIn.button")}
      </Button>
      {failed && (
        <p className="problem" role="alert">
          {t("signIn.failed")}
        </p>
      )}
    </>
  );
}

function LocalUsers({ onPick }: { onPick: (userId: string) => void }) {
  const { t } = useTranslation();
  const [users, setUsers] = useState<DevelopmentUser[] | null>(null);
  const [failed, setFailed] = useState(false);
  const [other, setOther] = useState("");
  useEffect(() => {
    developmentUsers().then(setUsers, () => setFailed(true));
  }, []);
  return (
    <>
      {failed && (
        <p className="problem" role="alert">
          {t("signIn.noUsers")}
        </p>
      )}
      <ul className="pick">
        {users?.map(({ userId, name, verificationStatus }) => (
          <li key={userId}>
            <button type="button" className="pick-user" onClick={() => onPick(userId)}>
              <Avatar userId={userId} name={name} />
              <span className="hidden">{t("signIn.as")}</span>
              <span className="pick-name">{name}</span>
              <span className="muted">
                {status(verificationStatus) && t(`signIn.status.${status(verificationStatus) ?? "pending"}`)}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <details>
        <summary>{t("signIn.other")}</summary>
        <form
          className="inline-form"
          onSubmit={(event) => {
            event.preventDefault();
            if (other.trim() !== "") onPick(other.trim());
          }}
        >
          <input
            aria-label={t("signIn.otherLabel")}
            value={other}
            maxLength={64}
            onChange={(event) => setOther(event.target.value)}
          />
          <Button type="submit" kind="primary">
            {t("signIn.button")}
          </Button>
        </form>
      </details>
    </>
  );
}

function status(value: string): "approved" | "pending" | "rejected" | null {
  return value === "approved" || value === "pending" || value === "rejected" ? value : null;
}
