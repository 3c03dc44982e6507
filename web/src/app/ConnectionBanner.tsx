import type { ConnectionStatus } from "@kaiwa/client";
import { useTranslation } from "react-i18next";
import { Button } from "../shared/Button";
import { useChat, useChatState } from "./chat";

/** Says when messages neither come nor go, and what to do about it. It appears late, so that a blink shows nothing. */
export function ConnectionBanner() {
  const { t } = useTranslation();
  const chat = useChat();
  const connection = useChatState((state) => state.connection);
  const told = text(connection);
  const isSerious = connection.state === "ended" || (connection.state === "waiting" && connection.tired);
  return (
    <div role="status" className="banner-place">
      {told !== null && (
        <div className={isSerious ? "banner serious" : "banner"} data-state={connection.state}>
          <span className={connection.state === "connecting" ? "spinner small" : "banner-dot"} aria-hidden="true" />
          <span>{t(told)}</span>
          {isSerious && (
            <Button kind="quiet" onClick={() => chat.retryNow()}>
              {t(connection.state === "ended" ? "connection.connect" : "connection.retry")}
            </Button>
          )}
        </div>
      )}
    </div>
  );
}

function text(connection: ConnectionStatus) {
  switch (connection.state) {
    case "idle":
    case "open":
      return null;
    case "connecting":
      return "connection.connecting" as const;
    case "waiting":
      return connection.tired ? ("connection.tired" as const) : ("connection.lost" as const);
    case "ended":
      return ENDED[connection.why];
  }
}

const ENDED = {
  closed: null,
  "sign-in": null,
  "too-many-connections": "connection.tooMany",
  "too-big": "connection.tooBig",
  refused: "connection.refused",
} as const;
