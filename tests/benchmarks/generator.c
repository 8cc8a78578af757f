/* Puts load on a line-based chat server over 127.0.0.1 and checks every line that it delivers.
 *
 *     generator PORT PID CLIENTS ROOMS SENDERS WINDOW PAUSE INTERVAL WARMUP SECONDS LOGINS STEPS
 *
 * PID is the server's, for its CPU clock. CLIENTS are spread evenly over ROOMS, the first SENDERS of each room send, each
 * with at most WINDOW messages in flight: sent, and not yet counted at *all* other members of the room; each has a send call of
 * its own, as if typed by somebody else. PAUSE (s) lies between the end of a message and the next one's start. With INTERVAL (s)
 * each sender sends by a timetable instead, whatever was heard, and a message's time counts from when it was due. WARMUP and
 * SECONDS: not timed, then timed. LOGINS: clients on their way in at most.
 *
 * On stdin come strings that end with NUL: the line end, then STEPS strings by which the server's answer to a step of the
 * login is known, then for each client its STEPS lines, what it puts before a text to send it, and what others see before it.
 * Out comes `in` with the seconds until all had their last answer, and until a message reached everybody. After a line on
 * stdin messages are sent for WARMUP + SECONDS, all of them are waited for, and `sent` says what was timed. It ends with stdin.
 *
 * A text is SENDER NUMBER FILLING; whoever hears one twice, early, never, changed, or of another room, ends the run (exit 1).
 * Every recv is followed by TCP_QUICKACK: acknowledgements are never held back, so no server waits for one because of Nagle.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
    TEXT = 40,          /* bytes of a message's text: a short sentence */
    EVENTS = 256,       /* sockets read between two looks at who may send */
    BUFFER = 1 << 18,   /* bytes taken by one recv at most */
    LINE = 1 << 13,     /* longest line of a server: IRC needs 512, a list of names more */
    SAMPLES = 1 << 22,  /* messages whose time is kept: 4 s at a million a second */
    PATIENCE = 20,      /* seconds without any line after which what is missing counts as lost */
};
static const char FILLING[] = " the quick brown fox jumps!";

struct client {
    int fd, room, step;
    char **lines, *say, *heard;     /* login lines; before a text when sent; before it when delivered */
    char *rest;                     /* the line begun by the last recv */
    size_t kept;
    uint32_t *next;                 /* number expected from each sender of the room */
    uint32_t sent, done;            /* of its own messages; done: heard by all */
    uint16_t *missing;              /* per message in flight: recipients that have not got it */
    double *when;                   /* per message in flight: when it was sent */
    double resume;                  /* not to send before */
};

static int clients, rooms, senders, window, logins, steps, size, ready;
static double pause_between, interval;
static struct client *all;
static char **answers, *line_end;
static size_t heard_length, line_length;
static int poller;
static uint64_t deliveries;
static uint32_t *samples, sampled;
static int sampling;

static void die(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    exit(1);
}

static double seconds_of(clockid_t clock) {
    struct timespec now;
    if (clock_gettime(clock, &now)) die("cannot read the clock of the server: %s", strerror(errno));
    return now.tv_sec + now.tv_nsec / 1e9;
}

static double now(void) { return seconds_of(CLOCK_MONOTONIC); }

static void *room_for(size_t count, size_t bytes) {
    void *memory = calloc(count, bytes);
    if (!memory) die("out of memory");
    return memory;
}

static char *read_string(void) {
    char *string = NULL;
    size_t capacity = 0;
    if (getdelim(&string, &capacity, 0, stdin) < 0) die("stdin ended within the plan");
    return string;
}

static int is_sender(int index) { return index % size < senders; }

static void send_all(struct client *client, const char *bytes, size_t length) {
    ssize_t sent = send(client->fd, bytes, length, MSG_NOSIGNAL);
    if (sent < 0) die("client %d cannot send: %s", (int)(client - all), strerror(errno));
    if ((size_t)sent != length) die("client %d: the server does not take its window", (int)(client - all));
}

static void send_line(struct client *client, const char *line) {
    char buffer[LINE];
    send_all(client, buffer, snprintf(buffer, sizeof buffer, "%s%s", line, line_end));
}

static uint32_t number_at(const char *digits, int count) {
    uint32_t number = 0;
    while (count--) number = number * 10 + (*digits++ - '0');
    return number;
}

/* Whether the bytes begin with a whole message line; the prefix tells it from all else a server says. */
static int is_message(const char *line, size_t length, uint32_t *sender) {
    if (length < line_length || memcmp(line + heard_length + TEXT, line_end, line_length - heard_length - TEXT)) return 0;
    *sender = number_at(line + heard_length, 4);
    if (*sender >= (uint32_t)clients || memcmp(line, all[*sender].heard, heard_length)) return 0;
    return !memcmp(line + heard_length + 13, FILLING, TEXT - 13);
}

static void count_message(struct client *client, uint32_t index, uint32_t number) {
    struct client *sender = &all[index];
    int me = client - all;
    if (sender == client || sender->room != client->room || !is_sender(index))
        die("client %d heard client %u, which it should not", me, index);
    uint32_t *next = &client->next[index % size];
    if (number != *next || number >= sender->sent)
        die("client %d heard message %u of client %u, expected %u of %u", me, number, index, *next, sender->sent);
    ++*next;
    ++deliveries;
    if (--sender->missing[number % window]) return;
    ++sender->done; /* each recipient hears them in order, so they are done in order */
    double time = now();
    if (interval <= 0) sender->resume = time + pause_between;
    if (sampling && sampled < SAMPLES) samples[sampled++] = (time - sender->when[number % window]) * 1e9;
}

static void other_line(struct client *client, const char *line, size_t length) {
    if (client->step == steps || !memmem(line, length, answers[client->step], strlen(answers[client->step]))) return;
    if (++client->step == steps) ++ready;
    else send_line(client, client->lines[client->step]);
}

static void hear(struct client *client) {
    static char buffer[LINE + BUFFER];
    memcpy(buffer, client->rest, client->kept);
    ssize_t received = recv(client->fd, buffer + client->kept, BUFFER, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) {
        const char *reason = received ? strerror(errno) : "closed by the server";
        die("client %d: %s; the last bytes were: %.*s", (int)(client - all), reason, (int)client->kept, client->rest);
    }
    setsockopt(client->fd, IPPROTO_TCP, TCP_QUICKACK, &(int){1}, sizeof(int));
    const char *line = buffer, *end = buffer + client->kept + received;
    for (;;) {
        uint32_t sender;
        if (is_message(line, end - line, &sender)) {
            count_message(client, sender, number_at(line + heard_length + 5, 8));
            line += line_length;
            continue;
        }
        const char *newline = memchr(line, '\n', end - line);
        if (!newline) break;
        other_line(client, line, newline - line);
        line = newline + 1;
    }
    client->kept = end - line;
    if (client->kept > LINE) die("client %d got a line of more than %d bytes", (int)(client - all), LINE);
    memcpy(client->rest, line, client->kept);
}

/* Read what is there, or comes within the time; tell whether stdin has something too. */
static int hear_all(int milliseconds) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(poller, events, EVENTS, milliseconds), stdin_ready = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr) hear(events[i].data.ptr);
        else stdin_ready = 1;
    }
    return stdin_ready;
}

static void hear_until(const int *reached, int wanted, const char *what) {
    double patience = now() + PATIENCE;
    int before = *reached;
    while (*reached < wanted) {
        hear_all(1000);
        if (*reached != before) patience = now() + PATIENCE;
        if (now() > patience) die("%d of %d %s", *reached, wanted, what);
        before = *reached;
    }
}

static void watch(int fd, void *pointer) {
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = pointer};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) die("epoll: %s", strerror(errno));
}

static void enter(struct client *client, int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    client->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (client->fd < 0) die("socket: %s", strerror(errno));
    if (connect(client->fd, (struct sockaddr *)&address, sizeof address)) die("cannot connect: %s", strerror(errno));
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    watch(client->fd, client);
    send_line(client, client->lines[0]);
}

/* Send what the window of this client leaves room for. */
static void speak(struct client *client, uint32_t limit) {
    char line[LINE];
    double time = now();
    while (time >= client->resume && client->sent - client->done < limit) {
        uint32_t slot = client->sent % window;
        client->missing[slot] = size - 1;
        client->when[slot] = interval > 0 ? client->resume : time;
        if (interval > 0) client->resume += interval;
        int length = snprintf(line, sizeof line, "%s%04d %08u%s%s", client->say, (int)(client - all), client->sent, FILLING,
                              line_end);
        ++client->sent;
        send_all(client, line, length);
    }
}

static int by_size(const void *left, const void *right) {
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    return (a > b) - (a < b);
}

static void wait_for_all(void) {
    double patience = now() + PATIENCE;
    uint64_t before = deliveries;
    for (int i = 0; i < clients; i++)
        while (all[i].done < all[i].sent) {
            hear_all(1000);
            if (deliveries != before) patience = now() + PATIENCE;
            if (now() > patience) die("client %d: message %u never reached everybody", i, all[i].done);
            before = deliveries;
        }
}

static void talk(double warmup, double seconds, clockid_t server) {
    double start = now() + warmup, time, server_cpu = 0, own_cpu = 0;
    for (int i = 0; i < clients; i++) all[i].resume = start - warmup; /* the timetable begins */
    uint64_t before = 0;
    for (;;) {
        for (int i = 0; i < clients; i++)
            if (is_sender(i) && all[i].sent - all[i].done < (uint32_t)window) speak(&all[i], window);
        hear_all(interval > 0 ? 0 : pause_between > 0 ? 1 : 1000); /* a timetable is kept by looking all the time */
        time = now();
        if (!sampling && time >= start) {
            sampling = 1;
            before = deliveries;
            start = time;
            server_cpu = seconds_of(server);
            own_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        }
        if (sampling && time >= start + seconds) break;
    }
    sampling = 0;
    server_cpu = seconds_of(server) - server_cpu;
    own_cpu = seconds_of(CLOCK_PROCESS_CPUTIME_ID) - own_cpu;
    before = deliveries - before;
    wait_for_all();
    if (!sampled) die("no message was heard by all within %.1f s", seconds);
    qsort(samples, sampled, sizeof *samples, by_size);
    printf("sent %.6f %lu %.6f %.6f %.9f %.9f\n", time - start, (unsigned long)before, server_cpu, own_cpu,
           samples[sampled / 2] / 1e9, samples[sampled - 1 - sampled / 100] / 1e9);
    fflush(stdout);
}

static void read_plan(void) {
    size = clients / rooms;
    line_end = read_string();
    answers = room_for(steps, sizeof *answers);
    for (int i = 0; i < steps; i++) answers[i] = read_string();
    all = room_for(clients, sizeof *all);
    for (int i = 0; i < clients; i++) {
        struct client *client = &all[i];
        client->room = i / size;
        client->lines = room_for(steps, sizeof *client->lines);
        for (int step = 0; step < steps; step++) client->lines[step] = read_string();
        client->say = read_string();
        client->heard = read_string();
        client->rest = room_for(LINE, 1);
        client->next = room_for(senders, sizeof *client->next);
        client->missing = room_for(window, sizeof *client->missing);
        client->when = room_for(window, sizeof *client->when);
        if (strlen(client->heard) != strlen(all[0].heard)) die("names and rooms must be of one length each");
    }
    heard_length = strlen(all[0].heard);
    line_length = heard_length + TEXT + strlen(line_end);
}

int main(int count, char **arguments) {
    if (count != 13) die("usage: see the top of the source");
    int port = atoi(arguments[1]), pid = atoi(arguments[2]);
    clients = atoi(arguments[3]), rooms = atoi(arguments[4]), senders = atoi(arguments[5]), window = atoi(arguments[6]);
    double warmup = atof(arguments[9]), seconds = atof(arguments[10]);
    pause_between = atof(arguments[7]), interval = atof(arguments[8]);
    logins = atoi(arguments[11]), steps = atoi(arguments[12]);
    read_plan();
    samples = room_for(SAMPLES, sizeof *samples);
    poller = epoll_create1(0);
    clockid_t server;
    if (clock_getcpuclockid(pid, &server)) die("no such server: %d", pid);

    double start = now();
    for (int i = 0; i < clients; i++) {
        enter(&all[i], port);
        hear_until(&ready, i + 2 - logins, "clients are in");
    }
    hear_until(&ready, clients, "clients are in");
    double entered = now() - start;
    speak(&all[0], 1);
    wait_for_all();
    printf("in %.6f %.6f\n", entered, now() - start);
    fflush(stdout);

    char command[16];
    watch(STDIN_FILENO, NULL);
    while (!hear_all(1000)) {}
    if (read(STDIN_FILENO, command, sizeof command) > 0) {
        talk(warmup, seconds, server);
        while (read(STDIN_FILENO, command, sizeof command) > 0) {}
    }
    return 0;
}
