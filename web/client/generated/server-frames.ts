// Made by scripts/generate.mjs from the server's own schemas: npm run generate.
export type ServerFrame =
  | MessageFrame
  | VerificationRequiredFrame
  | AckFrame
  | ErrorFrame
  | PongFrame
  | TokenRefreshedFrame
  | ReadFrame
  | TypingNoticeFrame
  | PresenceFrame
  | RoomFrame;

/**
 * A message; to every connection of every participant.
 */
export interface MessageFrame {
  type: "MESSAGE";
  messageId: string;
  chatRoomId: string;
  senderId: string;
  content: string;
  messageType?: string;
  createdAt: string;
  timestamp: number;
  seq: number;
  clientMessageId?: string;
}
/**
 * The sender's profile is not approved; to the sending connection.
 */
export interface VerificationRequiredFrame {
  type: "VERIFICATION_REQUIRED";
  message: string;
  chatRoomId?: string;
  clientMessageId?: string;
}
/**
 * It is in the log and will be decided; to the sending connection, if it gave the key.
 */
export interface AckFrame {
  type: "ACK";
  messageId: string;
  clientMessageId: string;
  chatRoomId: string;
}
/**
 * A refusal; to the sending connection.
 */
export interface ErrorFrame {
  type: "ERROR";
  code:
    "INTERNAL" | "INVALID_MESSAGE" | "INVALID_TOKEN" | "NOT_A_PARTICIPANT" | "THROTTLED" | "TOO_LARGE" | "UNAVAILABLE";
  message: string;
  retryable: boolean;
  clientMessageId?: string;
  chatRoomId?: string;
  retryAfterMs?: number;
}
/**
 * The answer to a ping that carried an `id`.
 */
export interface PongFrame {
  type: "PONG";
  id: string | number | null;
  serverTime: number;
}
/**
 * The connection lives on to `expiresAt`.
 */
export interface TokenRefreshedFrame {
  type: "TOKEN_REFRESHED";
  expiresAt: string;
  serverTime: number;
}
/**
 * Somebody has read up to `seq`.
 */
export interface ReadFrame {
  type: "READ";
  chatRoomId: string;
  userId: string;
  seq: number;
}
/**
 * Somebody is writing; shown for 5 s.
 */
export interface TypingNoticeFrame {
  type: "TYPING";
  chatRoomId: string;
  userId: string;
}
/**
 * Somebody came or went; a `version` lower than one seen is ignored.
 */
export interface PresenceFrame {
  type: "PRESENCE";
  userId: string;
  status: "offline" | "online";
  lastSeenAt: string;
  version: number;
}
/**
 * A room appeared, or its people changed; to the participants and to who was removed.
 */
export interface RoomFrame {
  type: "ROOM";
  change: "added" | "created" | "removed";
  chatRoomId: string;
  name: string;
  userIds: string[];
  participantCount: number;
}

/** The fields of each frame: what a text from the wire is checked against. */
export const SHAPES = {
  "ACK": {
    "messageId": "string",
    "clientMessageId": "string",
    "chatRoomId": "string"
  },
  "ERROR": {
    "code": "string",
    "message": "string",
    "retryable": "boolean",
    "clientMessageId": "string?",
    "chatRoomId": "string?",
    "retryAfterMs": "number?"
  },
  "MESSAGE": {
    "messageId": "string",
    "chatRoomId": "string",
    "senderId": "string",
    "content": "string",
    "messageType": "string?",
    "createdAt": "string",
    "timestamp": "number",
    "seq": "number",
    "clientMessageId": "string?"
  },
  "PONG": {
    "id": "string|number|null",
    "serverTime": "number"
  },
  "PRESENCE": {
    "userId": "string",
    "status": "string",
    "lastSeenAt": "string",
    "version": "number"
  },
  "READ": {
    "chatRoomId": "string",
    "userId": "string",
    "seq": "number"
  },
  "ROOM": {
    "change": "string",
    "chatRoomId": "string",
    "name": "string",
    "userIds": "array",
    "participantCount": "number"
  },
  "TOKEN_REFRESHED": {
    "expiresAt": "string",
    "serverTime": "number"
  },
  "TYPING": {
    "chatRoomId": "string",
    "userId": "string"
  },
  "VERIFICATION_REQUIRED": {
    "message": "string",
    "chatRoomId": "string?",
    "clientMessageId": "string?"
  }
} as const;
