// Each delivery counted and checked: once to each connection of its group, and in order within each pipe.
#include "load.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 128, STEP_BITS = 7, BUCKETS = STEPS * 40 };

Tally tally;
static unsigned char *seen;    // a bit for each connection and publication of its group
static uint32_t *latest;       // by connection and pipe: the highest number so far, plus one
static size_t seen_row;
static uint64_t histogram[BUCKETS], samples;
static uint64_t longest_ns;

uint32_t tally_members(uint32_t group) {
    return connection_count / tally.groups + (group < connection_count % tally.groups);
}

void tally_begin(uint32_t run, uint32_t publications, uint32_t groups, uint32_t pipe_count, uint32_t bundle) {
    free(tally.intended_ns), free(tally.arrived), free(seen), free(latest);
    tally = (Tally){.run = run, .publications = publications, .groups = groups, .pipes = pipe_count, .bundle = bundle};
    tally.intended_ns = calloc(publications, sizeof *tally.intended_ns);
    tally.arrived = calloc(publications, sizeof *tally.arrived);
    seen_row = (publications / groups + 8) / 8;
    seen = calloc(connection_count + 1, seen_row);
    latest = calloc((size_t)(connection_count + 1) * pipe_count, sizeof *latest);
    if (!tally.intended_ns || !tally.arrived || !seen || !latest) fail("memory");
    for (uint32_t number = 0; number < publications; number++) tally.expected += tally_members(number % groups);
    latency_reset();
}

void tally_mark(uint32_t connection, uint32_t run, uint32_t number, uint64_t at_ns) {
    if (run != tally.run || number >= tally.publications || connection % tally.groups != number % tally.groups) {
        tally.stray++;
        return;
    }
    uint32_t place = number / tally.groups;
    unsigned char *byte = seen + connection * seen_row + place / 8, bit = (unsigned char)(1 << place % 8);
    if (*byte & bit) {
        tally.doubled++;
        return;
    }
    *byte |= bit;
    uint32_t *last = latest + (size_t)connection * tally.pipes + number / tally.bundle % tally.pipes;
    if (number < *last) tally.out_of_order++;
    else *last = number + 1;
    tally.delivered++;
    latency_add(at_ns - tally.intended_ns[number]);
    if (++tally.arrived[number] == tally_members(number % tally.groups)) tally.completed++;
}

void latency_reset(void) {
    memset(histogram, 0, sizeof histogram);
    samples = longest_ns = 0;
}

// Tenths of microseconds, in steps of less than one per cent.
void latency_add(uint64_t ns) {
    uint64_t value = ns / 100;
    int shift = value < STEPS ? 0 : 63 - __builtin_clzll(value) - STEP_BITS + 1;
    size_t bucket = (size_t)shift * (STEPS / 2) + (value >> shift);
    histogram[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    samples++;
    if (ns > longest_ns) longest_ns = ns;
}

// The smallest latency that at least `share` of all do not exceed, to one per cent and a half.
double latency_us(double share) {
    if (share >= 1.0) return (double)longest_ns / 1000;
    uint64_t wanted = (uint64_t)(share * (double)samples), before = 0;
    for (size_t bucket = 0; bucket < BUCKETS && samples; bucket++) {
        before += histogram[bucket];
        if (before <= wanted) continue;
        size_t shift = bucket < STEPS ? 0 : bucket / (STEPS / 2) - 1;
        return (double)((bucket - shift * (STEPS / 2)) << shift) / 10;
    }
    return (double)longest_ns / 1000;
}
