// Sockets: handshakes, frames in, and what stands in the way of both.
#define _GNU_SOURCE
#include "load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { AT_ONCE = 256, PIPE_TAG = 1 << 20, TIMER_TAG = 1 << 21 };

Connection connections[MOST_CONNECTIONS];
uint32_t connection_count, ready_count, closed_count, refused_count, refused_status;
Pipe pipes[MOST_PIPES];
uint32_t http_failures;

static int poller = -1, timer = -1;
static uint16_t server_port;
static Blobs heads;
static const unsigned char *greeting, *ready_text;
static uint32_t greeting_bytes, ready_bytes, answer_count, pipe_count;
static Answer answers[MOST_ANSWERS];
static unsigned char buffer[1 << 18];

void wire_setup(uint16_t port, Blobs all_heads, const unsigned char *first, uint32_t first_bytes) {
    server_port = port, heads = all_heads, greeting = first, greeting_bytes = first_bytes;
    poller = epoll_create1(0);
    timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = TIMER_TAG};
    if (poller < 0 || timer < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, timer, &event)) fail("epoll");
}

void wire_ready_text(const unsigned char *text, uint32_t bytes) { ready_text = text, ready_bytes = bytes; }

void wire_answer(Answer answer) {
    if (answer_count == MOST_ANSWERS) fail("too many answers");
    answers[answer_count++] = answer;
}

static void watch(int fd, uint32_t tag, uint32_t events, int how) {
    struct epoll_event event = {.events = events, .data.u32 = tag};
    if (epoll_ctl(poller, how, fd, &event)) fail("epoll_ctl");
}

static int connecting_to(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    if (fd < 0) fail("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) && errno != EINPROGRESS) fail("connect");
    return fd;
}

void wire_open(uint32_t number) {
    Connection *one = &connections[number];
    *one = (Connection){.fd = connecting_to(server_port), .state = CONNECTING, .began_ns = now_ns()};
    watch(one->fd, number, EPOLLOUT, EPOLL_CTL_ADD);
}

static void lose(Connection *one) {
    if (one->state == OPEN) closed_count++;
    else refused_count++;
    close(one->fd);
    free(one->kept);
    one->kept = NULL, one->state = GONE;
}

// Reset, so that tens of thousands of closed connections hold no port of ours.
void wire_drop_all(void) {
    struct linger at_once = {.l_onoff = 1};
    for (uint32_t number = 0; number < connection_count; number++) {
        Connection *one = &connections[number];
        if (one->state == GONE || one->state == UNUSED) continue;
        setsockopt(one->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(one->fd);
        free(one->kept);
        one->kept = NULL, one->state = UNUSED;
    }
    connection_count = ready_count = 0;
}

// Small frames only (greetings, pongs): a peer that does not take one of these is lost.
static void send_small(Connection *one, const unsigned char *bytes, uint32_t size) {
    if (one->state != GONE && send(one->fd, bytes, size, MSG_NOSIGNAL) != (ssize_t)size) lose(one);
}

static void become_ready(Connection *one) {
    one->ready = true;
    ready_count++;
    latency_add(now_ns() - one->began_ns);
}

static uint32_t digits(const unsigned char *text, int count) {
    uint32_t value = 0;
    while (count--) value = value * 10 + (uint32_t)(*text++ - '0');
    return value;
}

static void take_text(uint32_t number, const unsigned char *text, size_t size, uint64_t at_ns) {
    const unsigned char *end = text + size, *at = text;
    bool marked = false;
    while ((at = memmem(at, (size_t)(end - at), "@kb:", 4)) && end - at >= MARK_BYTES) {
        tally_mark(number, digits(at + 4, 4), digits(at + 9, 8), at_ns);
        at += MARK_BYTES, marked = true;
    }
    if (marked) return;
    Connection *one = &connections[number];
    if (!one->ready && ready_text && memmem(text, size, ready_text, ready_bytes)) become_ready(one);
    for (uint32_t each = 0; each < answer_count; each++) {
        const Answer *rule = &answers[each];
        if (size < rule->start_bytes || memcmp(text, rule->start, rule->start_bytes)) continue;
        send_small(one, rule->reply, rule->reply_bytes);
        return;
    }
}

static void take_frame(uint32_t number, unsigned opcode, const unsigned char *text, size_t size, uint64_t at_ns) {
    Connection *one = &connections[number];
    if (opcode == 8) {
        lose(one);
    } else if (opcode == 9 && size < 126) {
        unsigned char pong[131] = {0x8a, (unsigned char)(0x80 | size)}; // masked with zeros
        memcpy(pong + 6, text, size);
        send_small(one, pong, (uint32_t)size + 6);
    } else if (opcode < 8) {
        take_text(number, text, size, at_ns);
    }
}

// Bytes used of the answer to the handshake; 0: it has not come whole.
static size_t take_upgrade(Connection *one, const unsigned char *bytes, size_t size) {
    const unsigned char *end = memmem(bytes, size, "\r\n\r\n", 4);
    if (!end) return 0;
    if (memcmp(bytes + 9, "101", 3)) {
        refused_status = digits(bytes + 9, 3);
        lose(one);
        return 0;
    }
    one->state = OPEN;
    if (greeting_bytes) send_small(one, greeting, greeting_bytes);
    if (!ready_text && one->state == OPEN) become_ready(one);
    return (size_t)(end + 4 - bytes);
}

// Bytes used of one frame; 0: it has not come whole.
static size_t take_next(uint32_t number, const unsigned char *bytes, size_t size, uint64_t at_ns) {
    if (size < 2) return 0;
    uint64_t length = bytes[1] & 127, head = length < 126 ? 2 : length == 126 ? 4 : 10;
    if (size < head) return 0;
    if (head > 2) {
        length = 0;
        for (uint64_t each = 2; each < head; each++) length = length << 8 | bytes[each];
    }
    if (size < head + length) return 0;
    take_frame(number, bytes[0] & 15, bytes + head, length, at_ns);
    return head + length;
}

static void keep(Connection *one, const unsigned char *bytes, size_t size) {
    if (one->kept_room < size) {
        one->kept_room = (uint32_t)size;
        one->kept = realloc(one->kept, size);
        if (!one->kept) fail("memory");
    }
    memmove(one->kept, bytes, size);
    one->kept_bytes = (uint32_t)size;
}

static void take_all(uint32_t number, const unsigned char *bytes, size_t size, uint64_t at_ns) {
    Connection *one = &connections[number];
    size_t used = 0, more = 1;
    while (more && one->state != GONE && used < size) {
        const unsigned char *here = bytes + used;
        more = one->state == UPGRADING ? take_upgrade(one, here, size - used) : take_next(number, here, size - used, at_ns);
        used += more;
    }
    if (one->state != GONE && (used < size || one->kept_bytes)) keep(one, bytes + used, size - used);
}

static void read_from(uint32_t number) {
    Connection *one = &connections[number];
    uint32_t before = one->kept_bytes;
    if (before > sizeof buffer / 2) fail("a frame that is too long");
    ssize_t size = recv(one->fd, buffer + before, sizeof buffer - before, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
        lose(one);
        return;
    }
    tally.reads++;
    memcpy(buffer, one->kept, before);
    take_all(number, buffer, before + (size_t)size, now_ns());
}

static void shake_hands(uint32_t number) {
    Connection *one = &connections[number];
    uint32_t each = number % heads.count;
    one->state = UPGRADING;
    watch(one->fd, number, EPOLLIN, EPOLL_CTL_MOD);
    send_small(one, heads.at[each], heads.size[each]);
}

void pipes_setup(uint32_t count, uint16_t http_port) {
    for (uint32_t number = 0; number < pipe_count; number++)
        if (pipes[number].http) close(pipes[number].fd);
    pipe_count = count;
    for (uint32_t number = 0; number < count; number++) {
        pipes[number] = (Pipe){.fd = http_port ? connecting_to(http_port) : connections[number].fd, .http = http_port};
        if (http_port) watch(pipes[number].fd, PIPE_TAG + number, EPOLLIN, EPOLL_CTL_ADD);
    }
}

static void pipe_go_on(uint32_t number) {
    Pipe *one = &pipes[number];
    bool waited = one->rest_bytes;
    ssize_t size = send(one->fd, one->rest, one->rest_bytes, MSG_NOSIGNAL);
    if (size > 0) one->rest += size, one->rest_bytes -= (uint32_t)size;
    else if (errno != EAGAIN && errno != ENOTCONN) fail("a publication");
    if (!one->http && !one->rest_bytes) one->busy = false;
    uint32_t tag = one->http ? PIPE_TAG + number : number;
    if (waited || one->rest_bytes) watch(one->fd, tag, one->rest_bytes ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
}

bool pipe_send(uint32_t number, const unsigned char *bytes, uint32_t size) {
    Pipe *one = &pipes[number];
    if (one->busy) return false;
    one->busy = true;
    ssize_t sent = send(one->fd, bytes, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN && errno != ENOTCONN) fail("a publication");
    sent = sent < 0 ? 0 : sent;
    one->rest = bytes + sent, one->rest_bytes = size - (uint32_t)sent;
    if (one->rest_bytes) watch(one->fd, one->http ? PIPE_TAG + number : number, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    else if (!one->http) one->busy = false;
    return true;
}

static void pipe_read(uint32_t number) {
    Pipe *one = &pipes[number];
    ssize_t size = recv(one->fd, one->answer + one->answer_bytes, sizeof one->answer - 1 - one->answer_bytes, 0);
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) fail("an HTTP connection was closed");
    one->answer_bytes += (uint32_t)size;
    one->answer[one->answer_bytes] = 0;
    char *end = strstr(one->answer, "\r\n\r\n"), *length = strcasestr(one->answer, "\r\ncontent-length:");
    if (!end || one->answer_bytes < (size_t)(end + 4 - one->answer) + (length ? strtoul(length + 17, NULL, 10) : 0)) return;
    if (memcmp(one->answer + 9, "200", 3) && !http_failures++) fprintf(stderr, "load: %.300s\n", one->answer);
    one->answer_bytes = 0, one->busy = false;
}

void wire_timer(uint64_t at_ns) {
    struct itimerspec when = {.it_value = {(time_t)(at_ns / 1000000000), (long)(at_ns % 1000000000)}};
    timerfd_settime(timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void happened(struct epoll_event event) {
    uint32_t tag = event.data.u32;
    uint64_t ticks;
    if (tag == TIMER_TAG) {
        if (read(timer, &ticks, sizeof ticks) < 0) return;
    } else if (tag >= PIPE_TAG) {
        if (event.events & EPOLLOUT) pipe_go_on(tag - PIPE_TAG);
        if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) pipe_read(tag - PIPE_TAG);
    } else if (connections[tag].state == CONNECTING) {
        shake_hands(tag);
    } else if (connections[tag].state == UPGRADING || connections[tag].state == OPEN) {
        if (event.events & EPOLLOUT && tag < pipe_count) pipe_go_on(tag);
        if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) read_from(tag);
    }
}

void wire_poll(int timeout_ms) {
    struct epoll_event events[AT_ONCE];
    int count = epoll_wait(poller, events, AT_ONCE, timeout_ms);
    for (int each = 0; each < count; each++) happened(events[each]);
}
