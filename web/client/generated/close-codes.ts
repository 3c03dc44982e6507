// Made by scripts/generate.mjs from the server's own schemas: npm run generate.
/** Every way in which the server ends a connection, and whether the client comes back by itself. */
export const CLOSE_CODES = [
  {
    "name": "normal",
    "code": 1000,
    "returns": "no"
  },
  {
    "name": "goingAway",
    "code": 1001,
    "returns": "yes"
  },
  {
    "name": "unsupported",
    "code": 1003,
    "returns": "no"
  },
  {
    "name": "noStatus",
    "code": 1005,
    "returns": "yes"
  },
  {
    "name": "abnormal",
    "code": 1006,
    "returns": "yes"
  },
  {
    "name": "invalidData",
    "code": 1007,
    "returns": "no"
  },
  {
    "name": "tooBig",
    "code": 1009,
    "returns": "no"
  },
  {
    "name": "restart",
    "code": 1012,
    "returns": "with jitter"
  },
  {
    "name": "tokenExpired",
    "code": 4401,
    "returns": "with a new token"
  },
  {
    "name": "sessionsRevoked",
    "code": 4403,
    "returns": "after a new sign-in"
  },
  {
    "name": "behind",
    "code": 4408,
    "returns": "yes"
  },
  {
    "name": "tooManyConnections",
    "code": 4409,
    "returns": "no"
  }
] as const;
