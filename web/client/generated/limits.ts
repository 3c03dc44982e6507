// Made by scripts/generate.mjs from the server's own schemas: npm run generate.
export const CONTENT_CHARACTERS = 5000;
export const ROOM_NAME_CHARACTERS = 200;
export const DISPLAY_NAME_CHARACTERS = 100;
export const PAGE_MESSAGES = 200;
export const READ_AND_TYPING_PARTICIPANTS = 100;
export const TYPING_INTERVAL_S = 3;
export const READ_MARK_INTERVAL_S = 1;
