/**
 * A Kaiwa chat without a user interface.
 *
 *     transport/   the socket: connects, comes back, decodes frames          WebSocketService, TokenSource
 *     http/        the HTTP API                                              HttpApi, ApiError
 *     store/       pure: the state, and what frames and answers make of it   apply, ChatState
 *     chat/        puts them together: fetches what is missing, sends what is due, keeps what is unsent
 *     generated/   types and tables made from the server's own schemas
 */
export { Chat, createChat, type ChatOptions } from "./chat/Chat.ts";
export { KeptDrafts } from "./chat/kept.ts";
export type * from "./generated/client-frames.ts";
export * from "./generated/limits.ts";
export type { Me, Participant, Person as FoundPerson, Profile, RoomDetails, RoomSummary } from "./generated/http.ts";
export type * from "./generated/server-frames.ts";
export { ApiError, HttpApi, type HttpApiOptions, type ProblemCode } from "./http/HttpApi.ts";
export { countCharacters } from "./store/characters.ts";
export { apply } from "./store/apply.ts";
export type { Draft, Failure } from "./store/drafts.ts";
export {
  initialState,
  sortedRooms,
  unread,
  type ChatState,
  type LastMessage,
  type Person,
  type Posted,
  type RoomState,
} from "./store/state.ts";
export type { Timeline } from "./store/timeline.ts";
export { decodeFrame, type Decoded } from "./transport/frames.ts";
export { afterClose, pauseMs, type AfterClose, type EndReason } from "./transport/returning.ts";
export { expiryOf, SignInNeeded, type TokenSource } from "./transport/tokens.ts";
export {
  ALL_FEATURES,
  WebSocketService,
  type ConnectionStatus,
  type Feature,
  type TransportEvent,
  type WebSocketServiceOptions,
} from "./transport/WebSocketService.ts";
