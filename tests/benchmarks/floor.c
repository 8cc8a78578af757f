/* A chat server that does only what every server with our promises must: the floor that figures are compared with.
 *
 *     floor FILE
 *
 * It speaks as much of the plain dialect as the load generator needs: a name, /join, and texts to the current room. As in
 * socketchat, one thread has the sockets, and another writes all messages that arrived meanwhile as one durable record
 * (O_DIRECT | O_DSYNC into FILE, preallocated and used as a ring); each wakes the other by an eventfd. Then each recipient
 * gets one write for the batch. It has no limits, no history, no recovery, no TLS: nothing but system calls and copies.
 * It listens on a free port of 127.0.0.1 and prints "listening on PORT". It ends with SIGTERM.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS = 16384,
    ROOMS = 16384,
    EVENTS = 256,
    LINE = 4096,             /* longest line */
    INPUT = 1 << 16,         /* bytes taken by one recv at most */
    BLOCK = 4096,            /* alignment of O_DIRECT */
    RING = 64 << 20,         /* bytes of the file before it is written from its start again */
};

struct bytes { char *data; size_t length, capacity; };

struct entry { uint32_t author, room, length; uint64_t seq, time; };    /* its text follows, in the batch */

struct client {
    int fd, room, authored;     /* authored: the number of the batch that has a text of it */
    char name[64], rest[LINE];
    size_t kept;
    int next, before;           /* in the list of the room's members */
};

struct room { char name[64]; uint64_t seq; int first, batch, touched_next; struct bytes out; };

static struct client *all[CLIENTS];
static struct room rooms[ROOMS];
static int room_count = 1, poller, to_log, to_loop, file, batch_number;
static struct bytes waiting, under_way;     /* entries: not taken yet, and taken by the log */
static int log_is_busy;

static void die(const char *what) {
    fprintf(stderr, "%s: %s\n", what, strerror(errno));
    exit(1);
}

static char *grow(struct bytes *bytes, size_t more) {
    if (bytes->length + more > bytes->capacity) {
        bytes->capacity = 2 * (bytes->length + more) + BLOCK;
        if (!(bytes->data = realloc(bytes->data, bytes->capacity))) die("memory");
    }
    bytes->length += more;
    return bytes->data + bytes->length - more;
}

static void append(struct bytes *bytes, const void *data, size_t length) { memcpy(grow(bytes, length), data, length); }

static void wake(int event) {
    if (write(event, &(uint64_t){1}, 8) != 8) die("eventfd");
}

static _Noreturn void *write_records(void *nothing) {
    (void)nothing;
    off_t offset = 0;
    void *aligned;
    size_t capacity = 1 << 20;
    if (posix_memalign(&aligned, BLOCK, capacity)) die("memory");
    for (;;) {
        uint64_t count;
        if (read(to_log, &count, 8) != 8) die("eventfd");
        size_t length = 64 + under_way.length, whole = (length + BLOCK - 1) / BLOCK * BLOCK;
        if (whole > capacity) {
            free(aligned);
            if (posix_memalign(&aligned, BLOCK, capacity = 2 * whole)) die("memory");
        }
        memcpy(aligned, "record", 6);
        memcpy((char *)aligned + 64, under_way.data, under_way.length);
        memset((char *)aligned + length, 0, whole - length);
        if (offset + (off_t)whole > RING) offset = 0;
        if (pwrite(file, aligned, whole, offset) != (ssize_t)whole) die("record");
        offset += whole;
        wake(to_loop);
    }
}

static void hand_over(void) {
    if (log_is_busy || !waiting.length) return;
    struct bytes empty = under_way;
    under_way = waiting;
    waiting = empty;
    waiting.length = 0;
    log_is_busy = 1;
    wake(to_log);
}

static void say(struct client *client, const char *data, size_t length) {
    if (send(client->fd, data, length, MSG_NOSIGNAL) != (ssize_t)length && errno != EPIPE && errno != ECONNRESET)
        die("a reader is too slow for the floor");
}

/* One entry as its recipients see it. */
static void render(struct bytes *out, const struct entry *entry, const char *text) {
    const char *name = all[entry->author] ? all[entry->author]->name : "";
    append(out, name, strlen(name));
    append(out, ": ", 2);
    append(out, text, entry->length);
    append(out, "\n", 1);
}

static void deliver(void) {
    static struct bytes own;
    int touched = -1;
    ++batch_number;
    const struct entry *entry;
    for (char *at = under_way.data; at < under_way.data + under_way.length; at += sizeof *entry + (entry->length + 7) / 8 * 8) {
        entry = (const struct entry *)at;
        struct room *room = &rooms[entry->room];
        if (room->batch != batch_number) {
            room->batch = batch_number;
            room->out.length = 0;
            room->touched_next = touched;
            touched = entry->room;
        }
        render(&room->out, entry, at + sizeof *entry);
        if (all[entry->author]) all[entry->author]->authored = batch_number;
    }
    for (; touched >= 0; touched = rooms[touched].touched_next)
        for (int index = rooms[touched].first; index >= 0; index = all[index]->next) {
            if (all[index]->authored != batch_number) {
                say(all[index], rooms[touched].out.data, rooms[touched].out.length);
                continue;
            }
            own.length = 0;
            for (char *at = under_way.data; at < under_way.data + under_way.length;
                 at += sizeof *entry + (entry->length + 7) / 8 * 8) {
                entry = (const struct entry *)at;
                if ((int)entry->room == touched && (int)entry->author != index) render(&own, entry, at + sizeof *entry);
            }
            if (own.length) say(all[index], own.data, own.length);
        }
}

static void leave_room(int index) {
    struct client *client = all[index];
    if (client->before >= 0) all[client->before]->next = client->next;
    else rooms[client->room].first = client->next;
    if (client->next >= 0) all[client->next]->before = client->before;
}

static void enter_room(int index, int number) {
    struct client *client = all[index];
    client->room = number;
    client->before = -1;
    client->next = rooms[number].first;
    if (client->next >= 0) all[client->next]->before = index;
    rooms[number].first = index;
}

static int room_named(const char *name) {
    for (int i = 0; i < room_count; i++)
        if (!strcmp(rooms[i].name, name)) return i;
    if (room_count == ROOMS) die("too many rooms");
    snprintf(rooms[room_count].name, sizeof rooms->name, "%s", name);
    rooms[room_count].first = -1;
    return room_count++;
}

static void take_line(int index, char *line, size_t length) {
    struct client *client = all[index];
    if (!client->name[0]) {
        snprintf(client->name, sizeof client->name, "%.*s", (int)length, line);
        enter_room(index, 0);
        say(client, "\n=== Connected!\n", 16);
    } else if (length > 7 && !memcmp(line, "/join #", 7)) {
        char answer[128], name[64];
        snprintf(name, sizeof name, "%.*s", (int)length - 6, line + 6);
        leave_room(index);
        enter_room(index, room_named(name));
        say(client, answer, snprintf(answer, sizeof answer, "=== %s\n", name));
    } else {
        struct timespec time;
        clock_gettime(CLOCK_REALTIME, &time);
        struct entry entry = {index, client->room, length, ++rooms[client->room].seq, time.tv_sec * 1000000000ull + time.tv_nsec};
        append(&waiting, &entry, sizeof entry);
        char *text = grow(&waiting, (length + 7) / 8 * 8);
        memcpy(text, line, length);
    }
}

static void hang_up(int index) {
    if (all[index]->name[0]) leave_room(index);
    close(all[index]->fd);
    free(all[index]);
    all[index] = NULL;
}

static void hear(int index) {
    static char buffer[LINE + INPUT];
    struct client *client = all[index];
    memcpy(buffer, client->rest, client->kept);
    ssize_t received = recv(client->fd, buffer + client->kept, INPUT, 0);
    if (received < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (received <= 0) {
        hang_up(index);
        return;
    }
    char *line = buffer, *end = buffer + client->kept + received, *newline;
    while ((newline = memchr(line, '\n', end - line))) {
        take_line(index, line, newline - line);
        line = newline + 1;
    }
    client->kept = end - line;
    if (client->kept > LINE) hang_up(index);
    else memcpy(client->rest, line, client->kept);
}

static void watch(int fd, int64_t number) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
    if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event)) die("epoll");
}

static void accept_all(int listener) {
    for (int fd; (fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
        int index = 0;
        while (index < CLIENTS && all[index]) index++;
        if (index == CLIENTS || !(all[index] = calloc(1, sizeof *all[index]))) die("too many clients");
        all[index]->fd = fd;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        watch(fd, index);
    }
}

int main(int count, char **arguments) {
    if (count != 2) return 2;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    if (bind(listener, (struct sockaddr *)&address, length) || listen(listener, 4096)) die("listen");
    getsockname(listener, (struct sockaddr *)&address, &length);
    file = open(arguments[1], O_RDWR | O_CREAT, 0600);
    if (file < 0 || posix_fallocate(file, 0, RING)) die("file");
    static char zeros[1 << 20];
    for (int i = 0; i < RING >> 20; i++)    /* blocks that were never written cost a journal commit of the file system each */
        if (pwrite(file, zeros, sizeof zeros, (off_t)i << 20) != sizeof zeros) die("file");
    if (fsync(file) || close(file)) die("file");
    if ((file = open(arguments[1], O_RDWR | O_DIRECT | O_DSYNC)) < 0) die("O_DIRECT");
    poller = epoll_create1(0);
    to_log = eventfd(0, 0), to_loop = eventfd(0, EFD_NONBLOCK);
    rooms[0].first = -1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, write_records, NULL)) die("thread");
    watch(listener, -1);
    watch(to_loop, -2);
    printf("listening on %d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct epoll_event events[EVENTS];
        int ready = epoll_wait(poller, events, EVENTS, -1);
        for (int i = 0; i < ready; i++) {
            int64_t number = events[i].data.u64;
            uint64_t ignored;
            if (number == -1) {
                accept_all(listener);
            } else if (number == -2) {
                if (read(to_loop, &ignored, 8) == 8) deliver(), log_is_busy = 0;
            } else if (all[number]) {
                hear(number);
            }
        }
        hand_over();
    }
}
