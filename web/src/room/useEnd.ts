import { useEffect, useRef, type RefObject } from "react";

const NEAR_END_PX = 80;
const BY_HAND = ["wheel", "touchmove", "pointerdown", "keydown"] as const;

interface End {
  /** Scrolls there, and stays while rows come in and are measured. */
  goToEnd: () => void;
  /** To be told of each scrolling; whether the list stays at its end. */
  isAtEnd: () => boolean;
}

/**
 * Keeps a list at its end until somebody scrolls away from it. The list's own way to a row goes on for as long as it has
 * rows to measure, and pulls back who has begun to read further up.
 */
export function useEnd(scroller: RefObject<HTMLElement | null>): End {
  const stays = useRef(true);
  const heightThere = useRef(-1);
  const goToEnd = (): void => {
    const element = scroller.current;
    if (element === null) return;
    stays.current = true;
    element.scrollTo({ top: element.scrollHeight, behavior: "instant" });
    heightThere.current = element.scrollHeight;
  };
  const isAtEnd = (): boolean => {
    const element = scroller.current;
    if (element === null) return stays.current;
    if (element.scrollHeight - element.clientHeight - element.scrollTop < NEAR_END_PX) stays.current = true;
    // A list that has grown meanwhile was not scrolled: it follows as soon as it is measured.
    else if (element.scrollHeight === heightThere.current) stays.current = false;
    return stays.current;
  };
  useEffect(() => {
    const element = scroller.current;
    if (element === null) return undefined;
    const letGo = (): void => {
      stays.current = false;
    };
    const measured = new ResizeObserver(() => {
      if (!stays.current) return;
      element.scrollTo({ top: element.scrollHeight, behavior: "instant" });
      heightThere.current = element.scrollHeight;
    });
    for (const child of [element, ...element.children]) measured.observe(child);
    for (const kind of BY_HAND) element.addEventListener(kind, letGo, { passive: true });
    return () => {
      measured.disconnect();
      for (const kind of BY_HAND) element.removeEventListener(kind, letGo);
    };
  }, [scroller]);
  return { goToEnd, isAtEnd };
}
