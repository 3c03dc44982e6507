// Made by scripts/generate.mjs from the server's own schemas: npm run generate.
export type HttpBody =
  | Accepted
  | CommandOutcome
  | LastMessage
  | Me
  | Message
  | Messages
  | NewRoom
  | Participant
  | People
  | Person
  | Presence
  | Profile
  | ProfileChange
  | Room
  | RoomDetails
  | RoomPresence
  | RoomSummary
  | Rooms
  | FieldError
  | ProblemBody;

/**
 * In the log and not decided yet; GET /api/commands/{eventId} tells.
 */
export interface Accepted {
  eventId: string;
}
/**
 * What was decided about a command.
 */
export interface CommandOutcome {
  eventId: string;
  code:
    | "OK"
    | "CREATED"
    | "VERIFICATION_REQUIRED"
    | "FORBIDDEN"
    | "NOT_A_PARTICIPANT"
    | "NOT_FOUND"
    | "ROOM_EXISTS"
    | "TOO_MANY_PARTICIPANTS"
    | "INTERNAL";
  /**
   * the HTTP status that the request would have been answered with
   */
  status: number;
  chatRoomId?: string | null;
}
/**
 * The newest message of a room, for lists.
 */
export interface LastMessage {
  messageId: string;
  senderId: string;
  /**
   * the first 100 characters
   */
  content: string;
  createdAt: string;
  seq: number;
}
/**
 * Who I am.
 */
export interface Me {
  userId: string;
  displayName: string;
  verificationStatus: "approved" | "pending" | "rejected";
  updatedAt: string;
  isAdmin: boolean;
}
/**
 * A message, with the fields of a MESSAGE frame.
 */
export interface Message {
  messageId: string;
  chatRoomId: string;
  senderId: string;
  content: string;
  messageType: string;
  createdAt: string;
  timestamp: number;
  seq: number;
  clientMessageId?: string | null;
}
/**
 * A page of a room's history, always ascending.
 */
export interface Messages {
  messages: Message[];
  /**
   * whether there are more in the direction that was asked for
   */
  hasMore: boolean;
}
/**
 * A room to make.
 */
export interface NewRoom {
  name: string;
  /**
   * @maxItems 5000
   */
  participantIds?: string[];
  chatRoomId?: string | null;
}
/**
 * Somebody in a room.
 */
export interface Participant {
  userId: string;
  /**
   * the userId for somebody without a profile
   */
  displayName: string;
  /**
   * in rooms of at most 100 participants
   */
  lastReadSeq?: number | null;
}
/**
 * Who was found, by name.
 */
export interface People {
  users: Person[];
}
/**
 * Somebody who was found.
 */
export interface Person {
  userId: string;
  displayName: string;
}
/**
 * Whether somebody is online; the fields of a PRESENCE frame.
 */
export interface Presence {
  userId: string;
  status: "online" | "offline";
  /**
   * absent for somebody who never connected
   */
  lastSeenAt?: string | null;
  /**
   * rises with each change; 0 for somebody who never connected
   */
  version: number;
}
/**
 * Who somebody is.
 */
export interface Profile {
  userId: string;
  displayName: string;
  verificationStatus: "approved" | "pending" | "rejected";
  updatedAt: string;
}
/**
 * The fields to set; absent ones stay as they are.
 */
export interface ProfileChange {
  verificationStatus?: ("approved" | "pending" | "rejected") | null;
  displayName?: string | null;
}
/**
 * A room, as it was made or found.
 */
export interface Room {
  chatRoomId: string;
  name: string;
  participantIds: string[];
  createdBy: string;
  createdAt: string;
}
/**
 * A room with its people.
 */
export interface RoomDetails {
  chatRoomId: string;
  name: string;
  createdBy: string;
  createdAt: string;
  joinedAt: string;
  participantCount: number;
  /**
   * seq of the newest message; 0 in a room without messages
   */
  lastSeq: number;
  lastReadSeq: number;
  /**
   * lastSeq - lastReadSeq
   */
  unread: number;
  lastMessage?: LastMessage | null;
  participants: Participant[];
}
/**
 * Who of a room is online.
 */
export interface RoomPresence {
  presence: Presence[];
}
/**
 * One of my rooms.
 */
export interface RoomSummary {
  chatRoomId: string;
  name: string;
  createdBy: string;
  createdAt: string;
  joinedAt: string;
  participantCount: number;
  /**
   * seq of the newest message; 0 in a room without messages
   */
  lastSeq: number;
  lastReadSeq: number;
  /**
   * lastSeq - lastReadSeq
   */
  unread: number;
  lastMessage?: LastMessage | null;
}
/**
 * My rooms, newest message first.
 */
export interface Rooms {
  rooms: RoomSummary[];
}
/**
 * One thing that is wrong with the request.
 */
export interface FieldError {
  /**
   * path to the value, e.g. body.name
   */
  where: string;
  message: string;
}
/**
 * The body of every refusal.
 */
export interface ProblemBody {
  /**
   * urn:kaiwa:problem: and the code
   */
  type: string;
  title: string;
  status: number;
  code:
    | "BAD_REQUEST"
    | "UNAUTHENTICATED"
    | "VERIFICATION_REQUIRED"
    | "FORBIDDEN"
    | "NOT_FOUND"
    | "ROOM_EXISTS"
    | "PAYLOAD_TOO_LARGE"
    | "UNPROCESSABLE"
    | "TOO_MANY_PARTICIPANTS"
    | "THROTTLED"
    | "UNAVAILABLE"
    | "INTERNAL";
  detail: string;
  errors?: FieldError[] | null;
}
