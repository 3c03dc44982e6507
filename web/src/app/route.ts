import { useSyncExternalStore } from "react";

/** Where one is: a room, or the list. Two places need no router. */
export function useRoomId(): string | null {
  return useSyncExternalStore(subscribe, roomId);
}

export function goTo(chatRoomId: string | null): void {
  const path = chatRoomId === null ? "/" : `/rooms/${encodeURIComponent(chatRoomId)}`;
  if (path === window.location.pathname) return;
  window.history.pushState(null, "", path);
  window.dispatchEvent(new PopStateEvent("popstate"));
}

function roomId(): string | null {
  const id = /^\/rooms\/([^/]+)$/.exec(window.location.pathname)?.[1];
  try {
    return id === undefined ? null : decodeURIComponent(id);
  } catch {
    return null;
  }
}

function subscribe(changed: () => void): () => void {
  window.addEventListener("popstate", changed);
  return () => window.removeEventListener("popstate", changed);
}
