/*
 * Load for the ingestion benchmark: gates and doors that publish, and a subscriber that takes
 * everything and acknowledges it, both as lean as can be. MQTT 3.1.1, QoS 1, plain TCP, loopback.
 *
 *   load pub PORT MESSAGES RATE DEVICES FIRST BODY   RATE 0 is as fast as the window allows
 *   load sub PORT MESSAGES                           says "ready", ends after that many
 *
 * BODY is `full` (a whole state) or `one` (one point, padded). Message k (from FIRST on) is the
 * (k / DEVICES + 1)th state of device k % DEVICES; the even ones are gates, the odd ones doors.
 * One message in a hundred says that the device is broken, and the device's next one that it is
 * well. Every payload has 200 bytes. `ts` is the instant at which the message was due (paced) or
 * written (unpaced), so that a publisher that is held up does not make latencies shorter.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CONNECTIONS = 4, WINDOW = 500, PAYLOAD = 200, BUFFER = 1 << 20, BURST = 64 };
enum { CONNECT = 0x10, PUBLISH_RETAINED = 0x33, PUBACK = 0x40, SUBSCRIBE = 0x82 };

typedef struct {
    int fd;
    long next;      /* the message that this connection sends next */
    int in_flight;  /* sent, and not acknowledged */
    unsigned short packet_id;
    unsigned char out[1 << 16];
    size_t filled, written;
    size_t torn;    /* bytes of an acknowledgement that came in two pieces */
} Connection;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void send_all(int fd, const unsigned char *data, size_t size)
{
    while (size) {
        ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
        if (n < 0 && errno != EINTR && errno != EAGAIN) die("send");
        if (n > 0) data += n, size -= n;
    }
}

static size_t put_text(unsigned char *to, const char *text, size_t size)
{
    to[0] = size >> 8, to[1] = size & 0xff;
    memcpy(to + 2, text, size);
    return size + 2;
}

/* Connect with a clean session, and wait for the broker's yes. */
static int join(int port, int number)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to)) die("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);

    char name[32];
    int length = snprintf(name, sizeof name, "load-%d-%d", (int)getpid(), number);
    unsigned char packet[64] = {CONNECT, 0, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 0};
    packet[1] = 10 + put_text(packet + 12, name, length);
    send_all(fd, packet, packet[1] + 2);
    unsigned char answer[4];
    if (recv(fd, answer, 4, MSG_WAITALL) != 4 || answer[3]) die("the broker refused us");
    return fd;
}

/* ---- devices ------------------------------------------------------------------------------- */

static int is_broken(long device, long round) { return device % 100 == round % 100; }

static const char *yes(int truth) { return truth ? "true" : "false"; }

static int write_points(char *to, size_t room, long device, long round, int full)
{
    int broken = is_broken(device, round), odd = round & 1;
    const char *fault = device & 1 ? "contact.fault" : "boom.broken";
    if (!full) return snprintf(to, room, "\"%s\":%s", fault, yes(broken));
    if (device & 1)
        return snprintf(to, room,
            "\"door.open\":%s,\"lock.locked\":%s,\"exit_button.pressed\":%s,\"contact.fault\":%s",
            yes(odd), yes(!odd), yes(0), yes(broken));
    return snprintf(to, room,
        "\"arm.position\":\"%s\",\"loop.occupied\":%s,\"boom.broken\":%s,\"mode\":\"auto\","
        "\"fault.code\":\"none\",\"motor.temperature\":%ld.5",
        odd ? "open" : "closed", yes(odd), yes(broken), 20 + (device + round) % 20);
}

/* Write a PUBLISH packet and return its size. */
static size_t write_message(unsigned char *to, unsigned short id, long k, long devices, int full,
                            double at)
{
    long device = k % devices, round = k / devices;
    char topic[64], points[160], body[PAYLOAD + 64];
    int length = snprintf(topic, sizeof topic, "ld/test/%s-%05ld/state",
                          device & 1 ? "door" : "gate", device);
    write_points(points, sizeof points, device, round, full);
    int size = snprintf(body, sizeof body, "{\"boot\":\"b1\",\"seq\":%ld,\"ts\":%.6f,\"points\":{%s}",
                        round + 1, at, points);
    if (size >= PAYLOAD) exit(fprintf(stderr, "load: the payload is too long\n"));
    memset(body + size, ' ', PAYLOAD - size);  /* blanks before the last brace are valid */
    body[PAYLOAD - 1] = '}';

    size_t rest = 2 + length + 2 + PAYLOAD;
    unsigned char *p = to;
    *p++ = PUBLISH_RETAINED;
    *p++ = (rest & 0x7f) | 0x80, *p++ = rest >> 7;
    p += put_text(p, topic, length);
    *p++ = id >> 8, *p++ = id & 0xff;
    memcpy(p, body, PAYLOAD);
    return p + PAYLOAD - to;
}

/* ---- publisher ----------------------------------------------------------------------------- */

typedef struct {
    long count, devices, first;
    double rate, start;
    int full;
} Task;

static double due(const Task *task, long number) { return task->start + number / task->rate; }

/* Compose what the window and the pace allow; return the seconds until the next one is due. */
static double compose(Connection *c, const Task *task)
{
    if (c->written == c->filled) c->filled = c->written = 0;
    for (int n = 0; n < BURST && c->next < task->count && c->in_flight < WINDOW; n++) {
        double at = now();
        if (task->rate && due(task, c->next) > at) return due(task, c->next) - at;
        if (c->filled + 512 > sizeof c->out) break;
        if (task->rate) at = due(task, c->next);
        c->packet_id = c->packet_id % 65535 + 1;
        c->filled += write_message(c->out + c->filled, c->packet_id, task->first + c->next,
                                   task->devices, task->full, at);
        c->in_flight++;
        c->next += CONNECTIONS;
    }
    return 0.05;
}

static void flush(Connection *c)
{
    if (c->written == c->filled) return;
    ssize_t n = send(c->fd, c->out + c->written, c->filled - c->written, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN && errno != EINTR) die("send");
    if (n > 0) c->written += n;
}

/* Count acknowledgements, of four bytes each: nothing else comes on these connections. */
static long hear(Connection *c)
{
    unsigned char in[1 << 14];
    ssize_t n = recv(c->fd, in, sizeof in, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) die("recv");
    if (n < 0) return 0;
    long answers = (c->torn + n) / 4;
    c->torn = (c->torn + n) % 4;
    c->in_flight -= answers;
    return answers;
}

static void publish(int port, Task task)
{
    static Connection all[CONNECTIONS];
    struct pollfd polled[CONNECTIONS];
    for (int i = 0; i < CONNECTIONS; i++) {
        all[i].fd = join(port, i), all[i].next = i;
        fcntl(all[i].fd, F_SETFL, O_NONBLOCK);
    }
    long acknowledged = 0;
    task.start = now();
    while (acknowledged < task.count) {
        double wait = 0.05;
        for (int i = 0; i < CONNECTIONS; i++) {
            double pause = compose(&all[i], &task);
            wait = pause < wait ? pause : wait;
            flush(&all[i]);
            int more = all[i].next < task.count && all[i].in_flight < WINDOW && !task.rate;
            int stuck = all[i].written < all[i].filled;
            polled[i] = (struct pollfd){all[i].fd, POLLIN | (more || stuck ? POLLOUT : 0), 0};
        }
        struct timespec pause = {0, (long)(wait * 1e9)};
        if (ppoll(polled, CONNECTIONS, &pause, NULL) < 0 && errno != EINTR) die("poll");
        for (int i = 0; i < CONNECTIONS; i++)
            if (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) acknowledged += hear(&all[i]);
    }
    printf("{\"messages\": %ld, \"start\": %.6f, \"end\": %.6f}\n", acknowledged, task.start, now());
}

/* ---- subscriber ---------------------------------------------------------------------------- */

/* Answer the packets in the buffer; return the bytes used. Retained copies are not counted. */
static size_t answer(int fd, const unsigned char *in, size_t size, long *received)
{
    static unsigned char out[BUFFER];
    size_t used = 0, filled = 0;
    for (;;) {
        const unsigned char *p = in + used;
        size_t left = size - used, header = 1, rest = 0;
        int shift = 0;
        do {
            if (header >= left) goto done;
            rest |= (size_t)(p[header] & 0x7f) << shift, shift += 7;
        } while (p[header++] & 0x80);
        if (header + rest > left) goto done;
        if ((p[0] & 0xf0) == 0x30 && (p[0] & 0x06)) {
            const unsigned char *id = p + header + 2 + (p[header] << 8 | p[header + 1]);
            unsigned char ack[4] = {PUBACK, 2, id[0], id[1]};
            memcpy(out + filled, ack, 4), filled += 4;
            *received += !(p[0] & 1);
        }
        used += header + rest;
    }
done:
    send_all(fd, out, filled);
    return used;
}

static void subscribe(int port, long count)
{
    static unsigned char in[BUFFER];
    const char *filter = "ld/test/+/state";
    unsigned char packet[64] = {SUBSCRIBE, 0, 0, 1};
    size_t size = put_text(packet + 4, filter, strlen(filter)) + 2;
    int fd = join(port, 0);
    packet[1] = size + 1, packet[2 + size] = 1;
    send_all(fd, packet, size + 3);
    puts("ready"), fflush(stdout);

    double first = 0, last = 0;
    size_t filled = 0;
    for (long received = 0; received < count;) {
        ssize_t n = recv(fd, in + filled, sizeof in - filled, 0);
        if (n <= 0) die("recv");
        size_t used = answer(fd, in, filled += n, &received);
        memmove(in, in + used, filled -= used);
        last = now();
        if (received && !first) first = last;
    }
    printf("{\"messages\": %ld, \"start\": %.6f, \"end\": %.6f}\n", count, first, last);
}

int main(int argc, char **argv)
{
    if (argc == 4 && !strcmp(argv[1], "sub")) {
        subscribe(atoi(argv[2]), atol(argv[3]));
    } else if (argc == 8 && !strcmp(argv[1], "pub")) {
        publish(atoi(argv[2]),
                (Task){.count = atol(argv[3]), .rate = atof(argv[4]), .devices = atol(argv[5]),
                       .first = atol(argv[6]), .full = !strcmp(argv[7], "full")});
    } else {
        fprintf(stderr, "usage: load pub PORT MESSAGES RATE DEVICES FIRST full|one\n"
                        "       load sub PORT MESSAGES\n");
        return 2;
    }
    return 0;
}
