import { createStore, type StoreApi } from "zustand/vanilla";
import type { ChatState } from "../store/state.ts";

const TOGETHER_MS = 80;

/** What the page sees of the state: a moment behind it while many frames arrive, since drawing is what costs. */
export class Shown {
  readonly store: StoreApi<ChatState>;
  #latest: ChatState;
  #at = -Infinity;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(state: ChatState) {
    this.#latest = state;
    this.store = createStore<ChatState>(() => state);
  }

  /** "soon": a single frame is shown at once; of many, all that came within 80 ms are shown together. */
  show(state: ChatState, when: "now" | "soon"): void {
    this.#latest = state;
    const wait = this.#at + TOGETHER_MS - performance.now();
    if (when === "soon" && wait > 0) this.#timer ??= setTimeout(() => this.#draw(), wait);
    else this.#draw();
  }

  /** Show nothing any more that waits. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #draw(): void {
    this.stop();
    this.#at = performance.now();
    this.store.setState(this.#latest, true);
  }
}
