/** How many characters the server counts in a text: code points (spec 3). */
export function countCharacters(text: string): number {
  return Array.from(text).length;
}

/** The first `most` of them. */
export function firstCharacters(text: string, most: number): string {
  return Array.from(text.slice(0, 2 * most))
    .slice(0, most)
    .join("");
}
