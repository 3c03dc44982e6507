import type { Draft } from "@kaiwa/client";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useChat } from "../app/chat";
import { Icon } from "../shared/Icon";
import { Text } from "./Text";

/** What was sent and does not stand in the room yet: always honest about how far it is. */
export const DraftMessage = memo(function DraftMessage({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const isFailed = draft.state === "failed";
  const why = draft.failure === undefined ? null : t(`message.why.${draft.failure}`);
  return (
    <article className={`message mine draft ${draft.state}`} data-draft={draft.state}>
      <div className="bubble-and-meta">
        <div className="bubble">
          <Text content={draft.content} />
        </div>
        <p className="meta">
          <span className="state">
            <Icon name={isFailed ? "alert" : draft.state === "accepted" ? "check" : "clock"} size={14} />
            {t(`message.${draft.state}`)}
            {why !== null && `: ${why}`}
          </span>
        </p>
        {(isFailed || draft.state === "again") && <Choices draft={draft} />}
      </div>
    </article>
  );
});

function Choices({ draft }: { draft: Draft }) {
  const { t } = useTranslation();
  const chat = useChat();
  const key = draft.clientMessageId;
  return (
    <p className="choices">
      <button type="button" onClick={() => chat.retry(key)}>
        {t("message.retry")}
      </button>
      <button type="button" onClick={() => chat.discard(key)}>
        {t("message.discard")}
      </button>
    </p>
  );
}
