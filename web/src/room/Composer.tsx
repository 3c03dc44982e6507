import { CONTENT_CHARACTERS, countCharacters } from "@kaiwa/client";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../app/chat";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";

/** From here on it is told how much room is left. */
const TOLD_FROM = 500;

/** Where messages are written. What is typed survives a reload of the tab. */
export function Composer({ chatRoomId, name }: { chatRoomId: string; name: string }) {
  const { t } = useTranslation();
  const chat = useChat();
  const me = useChatState((state) => state.me.userId);
  const [text, setText] = useTyped(`kaiwa/typed/${me}/${chatRoomId}`);
  const field = useRef<HTMLTextAreaElement>(null);
  const left = CONTENT_CHARACTERS - countCharacters(text);
  const maySend = text.trim() !== "" && left >= 0;

  useEffect(() => {
    // On a phone the keyboard would cover the room.
    if (window.matchMedia("(hover: hover)").matches) field.current?.focus();
  }, []);
  useEffect(() => grow(field.current), [text]);

  const send = (): void => {
    if (!maySend) return;
    chat.send(chatRoomId, text);
    setText("");
    field.current?.focus();
  };
  return (
    <form
      className="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div className="composer-box">
        <textarea
          id="composer"
          ref={field}
          rows={1}
          dir="auto"
          value={text}
          aria-label={t("composer.label", { name })}
          aria-describedby="composer-left"
          aria-invalid={left < 0}
          placeholder={t("composer.placeholder")}
          title={t("composer.hint")}
          enterKeyHint="send"
          onChange={(event) => {
            setText(event.target.value);
            if (event.target.value.trim() !== "") chat.typed(chatRoomId);
          }}
          onKeyDown={(event) => {
            if (!sends(event)) return;
            event.preventDefault();
            send();
          }}
        />
        <Button
          kind="icon"
          type="submit"
          className="send"
          aria-label={t("composer.send")}
          title={t("composer.send")}
          disabled={!maySend}
        >
          <Icon name="send" />
        </Button>
      </div>
      <p id="composer-left" className={left < 0 ? "left over" : "left"} role={left < 0 ? "alert" : undefined}>
        {left <= TOLD_FROM && (left < 0 ? t("composer.over", { count: -left }) : t("composer.left", { count: left }))}
      </p>
    </form>
  );
}

/** Enter sends, but not with Shift, and not the Enter that ends a composition: Safari tells that one by 229 alone. */
function sends(event: KeyboardEvent): boolean {
  // eslint-disable-next-line @typescript-eslint/no-deprecated -- nothing else tells it there
  const isComposing = event.nativeEvent.isComposing || event.keyCode === 229;
  return event.key === "Enter" && !event.shiftKey && !isComposing;
}

function grow(field: HTMLTextAreaElement | null): void {
  if (field === null || CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function useTyped(key: string): [string, (text: string) => void] {
  const [text, setText] = useState(() => sessionStorage.getItem(key) ?? "");
  const keep = (typed: string): void => {
    setText(typed);
    try {
      if (typed === "") sessionStorage.removeItem(key);
      else sessionStorage.setItem(key, typed);
    } catch {
      // A full storage keeps nobody from typing.
    }
  };
  return [text, keep];
}
