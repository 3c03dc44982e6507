// The floor: each frame that comes in goes out again to every connection, encoded once, with one system call for each.
// No token, no room, no queue, no ping: nothing of what a server must do besides. Usage: floor PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 20000, ROOM = 65536 };

typedef struct {
    bool open;
    uint32_t place, bytes;
    unsigned char *kept;
} Client;

static Client clients[MOST + 64];
static int everybody[MOST], listener, poller;
static uint32_t count;

static uint32_t turned(uint32_t value, int bits) { return value << bits | value >> (32 - bits); }

// SHA-1 of at most 119 bytes (RFC 3174), for the handshake's answer.
static void sha1(const char *text, size_t size, unsigned char *out) {
    uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}, word[80];
    unsigned char message[128] = {0};
    size_t padded = size < 56 ? 64 : 128;
    memcpy(message, text, size);
    message[size] = 0x80;
    for (int each = 0; each < 8; each++) message[padded - 1 - each] = (unsigned char)((uint64_t)size * 8 >> 8 * each);
    for (size_t block = 0; block < padded; block += 64) {
        for (int each = 0; each < 16; each++) {
            uint32_t big;
            memcpy(&big, message + block + 4 * each, 4);
            word[each] = ntohl(big);
        }
        for (int each = 16; each < 80; each++)
            word[each] = turned(word[each - 3] ^ word[each - 8] ^ word[each - 14] ^ word[each - 16], 1);
        uint32_t a = state[0], b = state[1], c = state[2], d = state[3], e = state[4];
        for (int each = 0; each < 80; each++) {
            uint32_t mixed = each < 20   ? (b & c) + (~b & d) + 0x5a827999
                             : each < 40 ? (b ^ c ^ d) + 0x6ed9eba1
                             : each < 60 ? ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc
                                         : (b ^ c ^ d) + 0xca62c1d6;
            uint32_t next = turned(a, 5) + mixed + e + word[each];
            e = d, d = c, c = turned(b, 30), b = a, a = next;
        }
        state[0] += a, state[1] += b, state[2] += c, state[3] += d, state[4] += e;
    }
    for (int each = 0; each < 20; each++) out[each] = (unsigned char)(state[each / 4] >> (24 - 8 * (each % 4)));
}

static void base64(const unsigned char *bytes, char *out) {
    static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (int at = 0; at < 21; at += 3) {
        uint32_t three = (uint32_t)bytes[at] << 16 | bytes[at + 1] << 8 | (at + 2 < 20 ? bytes[at + 2] : 0);
        for (int each = 0; each < 4; each++) *out++ = letters[three >> (18 - 6 * each) & 63];
    }
    out[-1] = '=', *out = 0;
}

static void send_all(int fd, const unsigned char *bytes, size_t size) {
    while (size) {
        ssize_t sent = send(fd, bytes, size, MSG_NOSIGNAL);
        if (sent > 0) bytes += sent, size -= (size_t)sent;
        else if (errno != EAGAIN) return;
        else poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, 1000);
    }
}

static void leave(int fd) {
    Client *one = &clients[fd];
    if (one->open) everybody[one->place] = everybody[--count], clients[everybody[one->place]].place = one->place;
    free(one->kept);
    *one = (Client){0};
    close(fd);
}

static size_t shake_hands(int fd, unsigned char *bytes, size_t size) {
    Client *one = &clients[fd];
    bytes[size] = 0;
    char *end = strstr((char *)bytes, "\r\n\r\n"), *key = strcasestr((char *)bytes, "\r\nsec-websocket-key:");
    if (!end || !key) return 0;
    unsigned char digest[21] = {0};
    char joined[128], accepted[32], answer[256];
    key += 20 + strspn(key + 20, " ");
    snprintf(joined, sizeof joined, "%.*s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", (int)strcspn(key, "\r"), key);
    sha1(joined, strlen(joined), digest);
    base64(digest, accepted);
    int written = snprintf(answer, sizeof answer, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n"
                           "Connection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n", accepted);
    send_all(fd, (unsigned char *)answer, (size_t)written);
    one->open = true, one->place = count, everybody[count++] = fd;
    return (size_t)(end + 4 - (char *)bytes);
}

static void broadcast(unsigned char opcode, const unsigned char *text, size_t size) {
    unsigned char frame[ROOM + 4] = {(unsigned char)(0x80 | opcode), (unsigned char)size};
    size_t head = 2;
    if (size > 125) frame[1] = 126, frame[2] = (unsigned char)(size >> 8), frame[3] = (unsigned char)size, head = 4;
    memcpy(frame + head, text, size);
    for (uint32_t each = 0; each < count; each++) send_all(everybody[each], frame, head + size);
}

// Bytes used of one masked frame of at most 64 KiB; 0: it has not come whole.
static size_t take_frame(int fd, unsigned char *bytes, size_t size) {
    if (size < 6) return 0;
    size_t length = bytes[1] & 127, head = 2;
    if (length == 126) length = (size_t)bytes[2] << 8 | bytes[3], head = 4;
    if (size < head + 4 + length) return 0;
    unsigned char *text = bytes + head + 4, opcode = bytes[0] & 15;
    for (size_t each = 0; each < length; each++) text[each] ^= text[(each & 3) - 4];
    if (opcode == 8) leave(fd);
    else if (opcode < 8) broadcast(opcode, text, length);
    return head + 4 + length;
}

static void read_from(int fd) {
    static unsigned char buffer[2 * ROOM + 1];
    Client *one = &clients[fd];
    size_t size = one->bytes, used = 0, more = 1;
    if (size) memcpy(buffer, one->kept, size);
    ssize_t got = recv(fd, buffer + size, 2 * ROOM - size, 0);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
        leave(fd);
        return;
    }
    size += (size_t)got;
    one->bytes = 0;
    bool open = one->open;
    while (more && used < size) {
        more = open ? take_frame(fd, buffer + used, size - used) : shake_hands(fd, buffer + used, size - used);
        if (open && !one->open) return; // it has left
        open = one->open, used += more;
    }
    if (used == size) return;
    one->kept = realloc(one->kept, 2 * ROOM);
    memcpy(one->kept, buffer + used, size - used);
    one->bytes = (uint32_t)(size - used);
}

static void enter(void) {
    int fd, one = 1;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
        epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event);
    }
}

int main(int argc, char **argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(argc > 1 ? atoi(argv[1]) : 0))};
    struct epoll_event events[256], event = {.events = EPOLLIN};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), poller = epoll_create1(0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 4096)) return perror("floor"), 1;
    event.data.fd = listener;
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    for (;;) {
        int ready = epoll_wait(poller, events, 256, -1);
        for (int each = 0; each < ready; each++)
            events[each].data.fd == listener ? enter() : read_from(events[each].data.fd);
    }
}
