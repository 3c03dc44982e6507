import { useTranslation } from "react-i18next";
import { useChatState } from "../app/chat";
import { goTo } from "../app/route";
import { Button } from "../shared/Button";
import { Room } from "./Room";

/** The room at this address, or why there is none. */
export function RoomPlace({ roomId }: { roomId: string }) {
  const { t } = useTranslation();
  const room = useChatState((state) => state.rooms?.[roomId]);
  const isKnown = useChatState((state) => state.rooms !== undefined);
  if (room !== undefined) return <Room room={room} />;
  if (isKnown) return <Gone roomId={roomId} />;
  return (
    <main className="whole-page" aria-busy="true">
      <span className="spinner" aria-hidden="true" />
      <p>{t("app.loading")}</p>
    </main>
  );
}

/** Nothing typed is lost: what was not sent can still be copied. */
function Gone({ roomId }: { roomId: string }) {
  const { t } = useTranslation();
  const removed = useChatState((state) => state.removedFrom);
  const drafts = useChatState((state) => state.drafts);
  const unsent = drafts.filter((draft) => draft.chatRoomId === roomId);
  const isRemoved = removed?.chatRoomId === roomId;
  return (
    <main className="whole-page">
      <div role="alert">
        <h2>{isRemoved ? t("room.gone", { name: removed.name }) : t("room.notFound")}</h2>
      </div>
      {isRemoved && <p className="muted">{t("room.goneHint")}</p>}
      {unsent.length > 0 && (
        <div className="unsent">
          <p>{t("room.unsent")}</p>
          {unsent.map((draft) => (
            <pre key={draft.clientMessageId}>{draft.content}</pre>
          ))}
        </div>
      )}
      <Button onClick={() => goTo(null)}>{t("room.back")}</Button>
    </main>
  );
}
