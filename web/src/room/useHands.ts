import { useEffect, useRef, type RefObject } from "react";
import type { VirtualizerHandle } from "virtua";

const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

/** Scrolls the list to a row at its end; the list goes on for as long as it has rows to measure, unless somebody
 * scrolls by hand meanwhile: who reads is never pulled away. */
export function useHands(
  scroller: RefObject<HTMLElement | null>,
  list: RefObject<VirtualizerHandle | null>,
): (index: number) => void {
  const moves = useRef(false);
  useEffect(() => {
    const element = scroller.current;
    const letGo = (): void => {
      // Once: the list would set its place anew at each turn of the wheel.
      if (moves.current) list.current?.scrollBy(0);
      moves.current = false;
    };
    for (const kind of BY_HAND) element?.addEventListener(kind, letGo, { passive: true });
    return () => {
      for (const kind of BY_HAND) element?.removeEventListener(kind, letGo);
    };
  }, [scroller, list]);
  return (index: number): void => {
    moves.current = true;
    list.current?.scrollToIndex(index, { align: "end" });
  };
}
