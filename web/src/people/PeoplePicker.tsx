import { ApiError, type FoundPerson } from "@kaiwa/client";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useChat, useChatState } from "../app/chat";
import { Avatar } from "../shared/Avatar";
import { Button } from "../shared/Button";
import { Icon } from "../shared/Icon";

const PAUSE_MS = 200;

interface Props {
  label: string;
  chosen: FoundPerson[];
  onChoose: (people: FoundPerson[]) => void;
  /** Not offered: they are in the room. */
  without?: readonly string[];
}

/** Finds people by the beginning of their name; where the search is switched off, takes exact user names. */
export function PeoplePicker({ label, chosen, onChoose, without = [] }: Props) {
  const { t } = useTranslation();
  const me = useChatState((state) => state.me.userId);
  const [query, setQuery] = useState("");
  const { found, isOff } = useSearch(query.trim());
  const taken = new Set([me, ...without, ...chosen.map(({ userId }) => userId)]);
  const offered = found?.filter(({ userId }) => !taken.has(userId));
  const choose = (person: FoundPerson): void => {
    onChoose([...chosen, person]);
    setQuery("");
  };
  return (
    <div className="field">
      <label>
        {label}
        <input
          type="search"
          value={query}
          placeholder={t("people.search")}
          autoComplete="off"
          onChange={(event) => setQuery(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.nativeEvent.isComposing || query.trim() === "") return;
            event.preventDefault();
            const first = isOff ? { userId: query.trim(), displayName: query.trim() } : offered?.[0];
            if (first !== undefined) choose(first);
          }}
        />
      </label>
      {isOff && <p className="muted">{t("people.searchOff")}</p>}
      {chosen.length > 0 && (
        <ul className="chosen" aria-label={t("people.chosen")}>
          {chosen.map(({ userId, displayName }) => (
            <li key={userId}>
              <bdi>{displayName}</bdi>
              <Button
                kind="icon"
                aria-label={t("people.unchoose", { name: displayName })}
                onClick={() => onChoose(chosen.filter((person) => person.userId !== userId))}
              >
                <Icon name="close" size={14} />
              </Button>
            </li>
          ))}
        </ul>
      )}
      {offered !== undefined && query.trim() !== "" && (
        <ul className="found">
          {offered.map((person) => (
            <li key={person.userId}>
              <button type="button" className="pick-user" onClick={() => choose(person)}>
                <Avatar userId={person.userId} name={person.displayName} size="small" />
                <bdi className="pick-name">{person.displayName}</bdi>
                {person.displayName !== person.userId && <span className="muted user-id">{person.userId}</span>}
              </button>
            </li>
          ))}
          {offered.length === 0 && <li className="muted">{t("people.noneFound")}</li>}
        </ul>
      )}
    </div>
  );
}

function useSearch(query: string): { found: FoundPerson[] | undefined; isOff: boolean } {
  const chat = useChat();
  const [answer, setAnswer] = useState<{ query: string; found: FoundPerson[] }>();
  const [isOff, setOff] = useState(false);
  useEffect(() => {
    if (query === "" || isOff) return;
    let isCurrent = true;
    const search = async (): Promise<void> => {
      try {
        const { users } = await chat.api.people(query);
        if (isCurrent) setAnswer({ query, found: users });
      } catch (error) {
        if (isCurrent && error instanceof ApiError && error.status === 404) setOff(true);
      }
    };
    const timer = setTimeout(() => void search(), PAUSE_MS);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [chat, query, isOff]);
  return { found: isOff || query === "" ? undefined : answer?.found, isOff };
}
