import { useTranslation } from "react-i18next";
import { useChatState, useName } from "../app/chat";
import { useTimes } from "../i18n/times";
import { Avatar } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";

export function Member({
  userId,
  isCreator,
  onRemove,
}: {
  userId: string;
  isCreator: boolean;
  onRemove: (() => void) | null;
}) {
  const { t } = useTranslation();
  const times = useTimes();
  const name = useName(userId);
  const person = useChatState((state) => state.people[userId]);
  const isMe = useChatState((state) => state.me.userId === userId);
  const status = person?.status ?? "offline";
  const seen =
    status === "offline" && person?.lastSeenAt !== undefined
      ? t("people.lastSeen", { when: times.brief(person.lastSeenAt) })
      : t(`people.${status}`);
  return (
    <li className="member" data-user={userId} data-status={status}>
      <Avatar userId={userId} name={name} status={status} />
      <span className="member-lines">
        <span>
          <bdi>{name}</bdi> {isMe && <span className="muted">{t("people.you")}</span>}
        </span>
        <span className="muted">
          {seen}
          {isCreator && ` · ${t("people.creator")}`}
        </span>
      </span>
      {onRemove !== null && (
        <Button
          kind="icon"
          aria-label={t("people.remove", { name })}
          title={t("people.remove", { name })}
          onClick={onRemove}
        >
          <Icon name="close" size={16} />
        </Button>
      )}
    </li>
  );
}
