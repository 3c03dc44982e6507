import { LinkifyIt } from "linkify-it";

/** A piece of a text: as it is, or leading somewhere. */
export interface Piece {
  text: string;
  href?: string;
}

// Only what leads to a page or a letter; never javascript:, data: or what the browser would hand to a program.
const linkify = new LinkifyIt({ fuzzyEmail: true }).add("ftp:", null).add("//", null);
const SAFE = /^(https?|mailto):/i;

/** Cut at the links. What is not a safe link stays text. */
export function pieces(text: string): Piece[] {
  const found: Piece[] = [];
  let end = 0;
  for (const match of linkify.match(text) ?? []) {
    if (!SAFE.test(match.url)) continue;
    if (match.index > end) found.push({ text: text.slice(end, match.index) });
    found.push({ text: match.raw, href: match.url });
    end = match.lastIndex;
  }
  if (end < text.length || found.length === 0) found.push({ text: text.slice(end) });
  return found;
}
