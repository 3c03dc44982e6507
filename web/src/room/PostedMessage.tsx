import type { Posted } from "@kaiwa/client";
import { memo } from "react";
import { useTranslation } from "react-i18next";
import { useChatState, useName } from "../app/chat";
import { useTimes } from "../i18n/times";
import { Avatar } from "../shared/Avatar";
import { Icon } from "../shared/Icon";
import { Text } from "./Text";

interface Props {
  message: Posted;
  isMine: boolean;
  /** It goes on where the one before it, of the same person, ended. */
  continues: boolean;
  /** Who has read up to here and no further. */
  readers: readonly string[];
}

export const PostedMessage = memo(function PostedMessage({ message, isMine, continues, readers }: Props) {
  const { t } = useTranslation();
  const times = useTimes();
  const name = useName(message.senderId);
  return (
    <article
      className={`message ${isMine ? "mine" : "theirs"} ${continues ? "continues" : ""}`}
      data-seq={message.seq}
      data-message={message.messageId}
    >
      {!isMine && !continues && <Avatar userId={message.senderId} name={name} size="small" />}
      <div className="bubble-and-meta">
        {!continues && (
          <h2 className={isMine ? "sender hidden" : "sender"}>
            <bdi>{name}</bdi>
          </h2>
        )}
        <div className="bubble">
          <Text content={message.content} />
        </div>
        <p className="meta">
          <time dateTime={message.createdAt} title={times.full(message.createdAt)}>
            {times.clock(message.createdAt)}
          </time>
          {isMine && (
            <span className="state" title={t("message.sent")}>
              <Icon name="check" size={14} />
              <span className="hidden">{t("message.sent")}</span>
            </span>
          )}
        </p>
        {readers.length > 0 && <Readers userIds={readers} />}
      </div>
    </article>
  );
});

const FACES = 5;

function Readers({ userIds }: { userIds: readonly string[] }) {
  const { t, i18n } = useTranslation();
  const people = useChatState((state) => state.people);
  const name = (userId: string): string => people[userId]?.displayName ?? userId;
  const names = new Intl.ListFormat(i18n.language, { type: "conjunction" }).format(userIds.map(name));
  return (
    <p className="readers" title={t("room.seenBy", { names })}>
      <span className="hidden">{t("room.seenBy", { names })}</span>
      {userIds.slice(0, FACES).map((userId) => (
        <Avatar key={userId} userId={userId} name={name(userId)} size="small" />
      ))}
      {userIds.length > FACES && <span aria-hidden="true">+{userIds.length - FACES}</span>}
    </p>
  );
}
