const HUES = 8;

/** The first sign of a name on a colour that stays with the person. Decoration: the name stands beside it. */
export function Avatar({
  userId,
  name,
  size = "medium",
  status,
}: {
  userId: string;
  name: string;
  size?: "small" | "medium" | "large";
  status?: "online" | "offline" | undefined;
}) {
  return (
    <span className={`avatar ${size} hue-${hue(userId)}`} aria-hidden="true">
      {firstSign(name)}
      {status !== undefined && <span className={`presence ${status}`} />}
    </span>
  );
}

export function RoomBadge({ id, name }: { id: string; name: string }) {
  return (
    <span className={`avatar medium room-badge hue-${hue(id)}`} aria-hidden="true">
      {firstSign(name)}
    </span>
  );
}

const signs = new Intl.Segmenter(undefined, { granularity: "grapheme" });

function firstSign(name: string): string {
  for (const { segment } of signs.segment(name.trim())) return segment.toUpperCase();
  return "?";
}

function hue(id: string): number {
  let sum = 0;
  for (const sign of id) sum = (sum * 31 + (sign.codePointAt(0) ?? 0)) % 65_521;
  return sum % HUES;
}
