// A load generator for WebSocket broadcasts: one thread, epoll, nothing parsed that need not be.
// What to send is prepared by the caller as files of blobs (a little-endian u32 length, then the bytes): handshakes,
// publications. A delivery is a mark in a data frame: "@kb:RRRR:NNNNNNNN@" names the run and the publication in it.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOST_CONNECTIONS = 20000, MOST_PIPES = 1024, MOST_ANSWERS = 8, MARK_BYTES = 18 };

typedef enum { UNUSED, CONNECTING, UPGRADING, OPEN, GONE } State;

typedef struct {
    unsigned char **at;
    uint32_t *size;
    uint32_t count;
} Blobs;

typedef struct {
    int fd;
    State state;
    bool ready;
    unsigned char *kept; // the beginning of what has not come whole yet
    uint32_t kept_bytes, kept_room;
    uint64_t began_ns;
} Connection;

// Where publications go in: a connection of ours, or an HTTP connection of its own, which waits for each answer.
typedef struct {
    int fd;
    bool http, busy;
    const unsigned char *rest; // what the kernel has not taken yet
    uint32_t rest_bytes;
    char answer[4096];
    uint32_t answer_bytes;
} Pipe;

typedef struct {
    unsigned char *start, *reply;
    uint32_t start_bytes, reply_bytes;
} Answer;

// What one run is and what came of it (tally.c).
typedef struct {
    uint32_t run, publications, groups, pipes, bundle;
    uint64_t expected, delivered, doubled, out_of_order, stray, reads;
    uint32_t completed;
    uint64_t *intended_ns;
    uint32_t *arrived;
} Tally;

extern Connection connections[MOST_CONNECTIONS];
extern uint32_t connection_count, ready_count, closed_count, refused_count, refused_status;
extern Pipe pipes[MOST_PIPES];
extern uint32_t http_failures;
extern Tally tally;

uint64_t now_ns(void);
double cpu_s(void);
_Noreturn void fail(const char *what);
Blobs blobs_from(const char *path);
void blobs_free(Blobs *blobs);

void tally_begin(uint32_t run, uint32_t publications, uint32_t groups, uint32_t pipes, uint32_t bundle);
void tally_mark(uint32_t connection, uint32_t run, uint32_t number, uint64_t at_ns);
uint32_t tally_members(uint32_t group);

void latency_reset(void);
void latency_add(uint64_t ns);
double latency_us(double share);

void wire_setup(uint16_t port, Blobs heads, const unsigned char *greeting, uint32_t greeting_bytes);
void wire_ready_text(const unsigned char *text, uint32_t bytes);
void wire_answer(Answer answer);
void wire_open(uint32_t number);
void wire_drop_all(void);
void wire_timer(uint64_t at_ns);
void wire_poll(int timeout_ms);
void pipes_setup(uint32_t count, uint16_t http_port);
bool pipe_send(uint32_t number, const unsigned char *bytes, uint32_t size);
