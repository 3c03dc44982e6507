// Commands on stdin, a line of JSON on stdout for each. `generator.py` beside this file is who speaks to it.
//   server PORT HEADS GREETING READY   set up: a file of handshakes, and in hex (- for none) what follows the 101 and
//                                      what a frame holds by which a connection is ready
//   answer START REPLY                 in hex: a frame that begins so is answered so
//   connect COUNT AT_ONCE LIMIT_S      that many more connections, so many handshakes side by side
//   pipes COUNT PORT                   publish through so many HTTP connections to PORT; 0: through connections 0, 1, 2 …
//   closed RUN FILE BUNDLE GROUPS WINDOW LIMIT_S   publish the file, WINDOW blobs outstanding
//   open RUN FILE BUNDLE GROUPS RATE LIMIT_S       publish RATE blobs a second, whatever comes
//   settle SECONDS                     go on counting
//   drop                               reset all connections
#define _GNU_SOURCE
#include "load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LINE = 1 << 16, SECOND_NS = 1000000000 };

static char line[LINE], words[8][8192];
static uint32_t pipe_total;

uint64_t now_ns(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (uint64_t)time.tv_sec * SECOND_NS + (uint64_t)time.tv_nsec;
}

double cpu_s(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

_Noreturn void fail(const char *what) {
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

Blobs blobs_from(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) fail(path);
    size_t size = (size_t)ftell(file), at = 0;
    unsigned char *all = malloc(size + 1);
    rewind(file);
    if (!all || fread(all, 1, size, file) != size) fail(path);
    fclose(file);
    Blobs blobs = {.at = malloc((size / 4 + 1) * sizeof *blobs.at), .size = malloc((size / 4 + 1) * sizeof *blobs.size)};
    while (at + 4 <= size) {
        memcpy(&blobs.size[blobs.count], all + at, 4);
        blobs.at[blobs.count] = all + at + 4;
        at += 4 + blobs.size[blobs.count++];
    }
    return blobs;
}

void blobs_free(Blobs *blobs) {
    if (blobs->count) free(blobs->at[0] - 4);
    free(blobs->at), free(blobs->size);
    *blobs = (Blobs){0};
}

static unsigned char *from_hex(const char *text, uint32_t *size) {
    *size = strcmp(text, "-") ? (uint32_t)strlen(text) / 2 : 0;
    unsigned char *bytes = malloc(*size + 1);
    for (uint32_t each = 0; each < *size; each++) sscanf(text + 2 * each, "%2hhx", &bytes[each]);
    return bytes;
}

static void do_server(void) {
    uint32_t greeting_bytes, ready_bytes;
    unsigned char *greeting = from_hex(words[3], &greeting_bytes), *ready = from_hex(words[4], &ready_bytes);
    wire_setup((uint16_t)atoi(words[1]), blobs_from(words[2]), greeting, greeting_bytes);
    wire_ready_text(ready_bytes ? ready : NULL, ready_bytes);
    puts("{\"did\":\"server\"}");
}

static void do_answer(void) {
    Answer answer;
    answer.start = from_hex(words[1], &answer.start_bytes);
    answer.reply = from_hex(words[2], &answer.reply_bytes);
    wire_answer(answer);
    puts("{\"did\":\"answer\"}");
}

static void do_connect(void) {
    uint32_t goal = connection_count + (uint32_t)atoi(words[1]), at_once = (uint32_t)atoi(words[2]);
    if (goal > MOST_CONNECTIONS) fail("too many connections");
    uint32_t lost = connection_count - ready_count; // refused before now
    uint64_t began = now_ns(), limit = began + (uint64_t)atoi(words[3]) * SECOND_NS;
    double cpu = cpu_s();
    latency_reset();
    refused_count = 0;
    while (lost + ready_count + refused_count < goal && now_ns() < limit) {
        while (connection_count < goal && connection_count - lost - ready_count - refused_count < at_once)
            wire_open(connection_count++);
        wire_poll(50);
    }
    printf("{\"did\":\"connect\",\"ready\":%u,\"refused\":%u,\"status\":%u,\"seconds\":%.6f,\"cpu_s\":%.6f,"
           "\"p50_us\":%.1f,\"p99_us\":%.1f}\n", ready_count, refused_count, refused_status,
           (double)(now_ns() - began) / 1e9, cpu_s() - cpu, latency_us(0.5), latency_us(0.99));
}

static void do_pipes(void) {
    pipe_total = (uint32_t)atoi(words[1]);
    if (pipe_total > MOST_PIPES) fail("too many pipes");
    pipes_setup(pipe_total, (uint16_t)atoi(words[2]));
    puts("{\"did\":\"pipes\"}");
}

static void told(const char *did, uint32_t sent, double seconds, double cpu) {
    printf("{\"did\":\"%s\",\"sent\":%u,\"expected\":%lu,\"delivered\":%lu,\"doubled\":%lu,\"out_of_order\":%lu,"
           "\"stray\":%lu,\"closed\":%u,\"http_failures\":%u,\"reads\":%lu,\"seconds\":%.6f,\"cpu_s\":%.6f,"
           "\"p50_us\":%.1f,\"p90_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f}\n", did, sent, tally.expected,
           tally.delivered, tally.doubled, tally.out_of_order, tally.stray, closed_count, http_failures, tally.reads,
           seconds, cpu, latency_us(0.5), latency_us(0.9), latency_us(0.99), latency_us(1.0));
}

// Publishes blob `each`, due at `due_ns`; false: its pipe is busy.
static bool publish(const Blobs *blobs, uint32_t each, uint64_t due_ns) {
    for (uint32_t more = 0; more < tally.bundle; more++) tally.intended_ns[each * tally.bundle + more] = due_ns;
    return pipe_send(each % pipe_total, blobs->at[each], blobs->size[each]);
}

static Blobs begun(void) {
    Blobs blobs = blobs_from(words[2]);
    uint32_t bundle = (uint32_t)atoi(words[3]);
    tally_begin((uint32_t)atoi(words[1]), blobs.count * bundle, (uint32_t)atoi(words[4]), pipe_total, bundle);
    return blobs;
}

static bool answered(void) {
    for (uint32_t each = 0; each < pipe_total; each++)
        if (pipes[each].busy) return false;
    return true;
}

static bool over(uint32_t sent, const Blobs *blobs, uint64_t limit_ns) {
    return now_ns() > limit_ns || (sent == blobs->count && tally.delivered == tally.expected && answered());
}

static void do_closed(void) {
    Blobs blobs = begun();
    uint32_t window = (uint32_t)atoi(words[5]) * tally.bundle, sent = 0;
    uint64_t began = now_ns(), limit = began + (uint64_t)(atof(words[6]) * SECOND_NS);
    double cpu = cpu_s();
    while (!over(sent, &blobs, limit)) {
        while (sent < blobs.count && sent * tally.bundle - tally.completed < window && publish(&blobs, sent, now_ns()))
            sent++;
        wire_poll(50);
    }
    told("closed", sent, (double)(now_ns() - began) / 1e9, cpu_s() - cpu);
    blobs_free(&blobs);
}

static void do_open(void) {
    Blobs blobs = begun();
    double every_ns = SECOND_NS / atof(words[5]);
    uint32_t sent = 0;
    uint64_t began = now_ns(), limit = began + (uint64_t)(every_ns * blobs.count + atof(words[6]) * SECOND_NS);
    double cpu = cpu_s();
    while (!over(sent, &blobs, limit)) {
        uint64_t due = began + (uint64_t)(every_ns * sent);
        while (sent < blobs.count && due <= now_ns() && publish(&blobs, sent, due))
            due = began + (uint64_t)(every_ns * ++sent);
        if (sent < blobs.count && due > now_ns()) wire_timer(due);
        wire_poll(50);
    }
    told("open", sent, (double)(now_ns() - began) / 1e9, cpu_s() - cpu);
    blobs_free(&blobs);
}

static void do_settle(void) {
    uint64_t limit = now_ns() + (uint64_t)(atof(words[1]) * SECOND_NS);
    while (now_ns() < limit) wire_poll(20);
    told("settle", 0, 0, 0);
}

static void do_drop(void) {
    wire_drop_all();
    puts("{\"did\":\"drop\"}");
}

int main(void) {
    static const struct { const char *name; void (*run)(void); } commands[] = {
        {"server", do_server}, {"answer", do_answer}, {"connect", do_connect}, {"pipes", do_pipes},
        {"closed", do_closed}, {"open", do_open},     {"settle", do_settle},   {"drop", do_drop},
    };
    setvbuf(stdout, NULL, _IOLBF, 0);
    while (fgets(line, sizeof line, stdin)) {
        int count = 0;
        for (char *word = strtok(line, " \n"); word && count < 8; word = strtok(NULL, " \n"))
            snprintf(words[count++], sizeof words[0], "%s", word);
        for (size_t each = 0; each < sizeof commands / sizeof *commands; each++)
            if (count && !strcmp(words[0], commands[each].name)) commands[each].run();
    }
    return 0;
}
