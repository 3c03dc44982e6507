import type { Chat, ChatState } from "@kaiwa/client";
import { createContext, useContext } from "react";
import { useStore } from "zustand";

/** The chat of whoever is signed in. */
export const ChatContext = createContext<Chat | null>(null);

export function useChat(): Chat {
  const chat = useContext(ChatContext);
  if (chat === null) throw new Error("Only inside of ChatContext");
  return chat;
}

/** A part of the state; the component is drawn again when that part has changed. */
export function useChatState<T>(part: (state: ChatState) => T): T {
  return useStore(useChat().store, part);
}

/** How somebody is called, as far as it is known. */
export function useName(userId: string): string {
  return useChatState((state) => state.people[userId]?.displayName ?? userId);
}
