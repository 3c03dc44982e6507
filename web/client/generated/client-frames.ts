// Made by scripts/generate.mjs from the server's own schemas: npm run generate.
export type ClientFrame = SendMessageFrame | MarkReadFrame | RefreshTokenFrame | TypingFrame | PingFrame;

/**
 * Post a message.
 */
export interface SendMessageFrame {
  action: "sendMessage";
  chatRoomId: string;
  content: string;
  clientMessageId?: string;
}
/**
 * Everything up to `seq` is read.
 */
export interface MarkReadFrame {
  action: "markRead";
  chatRoomId: string;
  seq: number;
}
/**
 * Go on with a fresh token of the same `sub`.
 */
export interface RefreshTokenFrame {
  action: "refreshToken";
  token: string;
}
/**
 * Somebody is writing.
 */
export interface TypingFrame {
  action: "typing";
  chatRoomId: string;
}
/**
 * The client's heartbeat; answered with a PONG only if it carries an `id`.
 */
export interface PingFrame {
  action: "ping";
  id?: string | number | null;
}
