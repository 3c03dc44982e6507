import { useState } from "react";
import { useTranslation } from "react-i18next";
import { pieces } from "../shared/links";

/** Longer ones are folded: a wall of text should not push everybody else off the screen. */
const FOLDED_FROM_CHARACTERS = 1_200;
const FOLDED_FROM_LINES = 16;

/** What somebody wrote, as text and nothing but text; links lead away safely. */
export function Text({ content }: { content: string }) {
  const { t } = useTranslation();
  const [isWhole, setWhole] = useState(false);
  const isLong =
    content.length > FOLDED_FROM_CHARACTERS || content.split("\n", FOLDED_FROM_LINES + 1).length > FOLDED_FROM_LINES;
  return (
    <>
      <p className={isLong && !isWhole ? "text folded" : "text"} dir="auto">
        {pieces(content).map(({ text, href }, index) =>
          href === undefined ? (
            text
          ) : (
            <a key={index} href={href} target="_blank" rel="noopener noreferrer nofollow">
              {text}
            </a>
          ),
        )}
      </p>
      {isLong && (
        <button type="button" className="fold" aria-expanded={isWhole} onClick={() => setWhole(!isWhole)}>
          {t(isWhole ? "room.less" : "room.more")}
        </button>
      )}
    </>
  );
}
