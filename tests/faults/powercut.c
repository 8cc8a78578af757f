/*
 * What a power cut leaves of the files below one directory: a preloaded library that keeps, beside the files, a copy
 * of what is surely on disk. Built and used by powercut.py.
 *
 *     POWERCUT_FILES   the directory that is watched
 *     POWERCUT_DISK    where the copy is kept: a file per inode, and per directory its names when it was synced
 *     POWERCUT_AFTER   the power goes at the so-many-th call that changes or syncs a file or a name (0: never)
 *     POWERCUT_EARLY   of 100 writes so many reach the disk at once, as the kernel may write back what it likes
 *     POWERCUT_LIE     a sync says yes and does nothing
 *     POWERCUT_SHORT   of 100 large writes so many write only some blocks
 *
 * A write reaches the copy when its file is synced, or at once if the file was opened for that (O_DSYNC); a name when
 * its directory is synced. Of the write at which the power goes, some sectors do. What is mapped (-shm) never does.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct range { ino_t inode; off_t offset; size_t size; };

static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_write)(int, const void *, size_t);
static int (*real_fsync)(int), (*real_fdatasync)(int), (*real_ftruncate)(int, off_t);
static int (*real_rename)(const char *, const char *), (*real_unlink)(const char *);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *files, *disk;
static long calls, cut_after, early, lies, shorts;
static struct range *ranges;
static size_t count, room;

static long number(const char *name) { const char *text = getenv(name); return text ? atol(text) : 0; }

__attribute__((constructor)) static void begin(void) {
    real_pwrite = dlsym(RTLD_NEXT, "pwrite64");
    real_write = dlsym(RTLD_NEXT, "write");
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_ftruncate = dlsym(RTLD_NEXT, "ftruncate64");
    real_rename = dlsym(RTLD_NEXT, "rename");
    real_unlink = dlsym(RTLD_NEXT, "unlink");
    files = getenv("POWERCUT_FILES");
    disk = getenv("POWERCUT_DISK");
    cut_after = number("POWERCUT_AFTER");
    early = number("POWERCUT_EARLY");
    lies = number("POWERCUT_LIE");
    shorts = number("POWERCUT_SHORT");
    srandom(cut_after + 1);
}

/* Tell whether a descriptor is a watched directory (2), a file in one (1), or neither, and find its inode and path. */
static int watched(int fd, ino_t *inode, char *path) {
    struct stat info;
    char link[64];
    if (!files || fstat(fd, &info) || !(S_ISREG(info.st_mode) || S_ISDIR(info.st_mode))) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    size_t prefix = strlen(files);
    if (strncmp(path, files, prefix)) return 0;
    *inode = info.st_ino;
    if (path[prefix] && path[prefix] != '/') return 0;
    return S_ISDIR(info.st_mode) ? 2 : 1;
}

static int is_cut(void) { return cut_after && ++calls >= cut_after; }

static void maybe_cut(void) {
    if (is_cut()) kill(getpid(), SIGKILL);
}

static int open_copy(ino_t inode) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%lu", disk, (unsigned long)inode);
    return open(path, O_WRONLY | O_CREAT, 0600);
}

static int open_to_read(int fd) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd); /* it may be open for writing only */
    return open(link, O_RDONLY);
}

static void store(int copy, int file, off_t offset, size_t size) {
    char buffer[65536];
    while (size) {
        ssize_t got = pread(file, buffer, size < sizeof buffer ? size : sizeof buffer, offset);
        if (got <= 0) return; /* cut off since */
        real_pwrite(copy, buffer, got, offset);
        offset += got;
        size -= got;
    }
}

static void wrote(int fd, ino_t inode, off_t offset, size_t size) {
    int is_durable = !lies && (fcntl(fd, F_GETFL) & O_DSYNC);
    if (is_durable || random() % 100 < early) {
        int copy = open_copy(inode), file = open_to_read(fd);
        store(copy, file, offset, size);
        close(file);
        close(copy);
        return;
    }
    if (count == room) ranges = realloc(ranges, (room = 2 * room + 64) * sizeof *ranges);
    ranges[count++] = (struct range){inode, offset, size};
}

static void sync_file(int fd, ino_t inode) {
    struct stat info;
    size_t kept = 0;
    int copy = open_copy(inode), file = open_to_read(fd);
    for (size_t n = 0; n < count; n++) {
        if (ranges[n].inode == inode) store(copy, file, ranges[n].offset, ranges[n].size);
        else ranges[kept++] = ranges[n];
    }
    count = kept;
    if (!fstat(fd, &info)) real_ftruncate(copy, info.st_size);
    close(file);
    close(copy);
}

/* The power goes in a write: some of its sectors reach the disk. */
static void tear(ino_t inode, const char *data, size_t size, off_t offset) {
    int copy = open_copy(inode), share = random() % 101;
    for (size_t at = 0; at < size; at += 512)
        if (random() % 100 < share) real_pwrite(copy, data + at, size - at < 512 ? size - at : 512, offset + at);
    kill(getpid(), SIGKILL);
}

static void sync_names(const char *directory) {
    char path[2 * PATH_MAX], made[2 * PATH_MAX], *names_at;
    snprintf(path, sizeof path, "%s/names", disk);
    names_at = path + strlen(path);
    snprintf(names_at, PATH_MAX, "%s", directory + strlen(files));
    for (; *names_at; names_at++) if (*names_at == '/') *names_at = '%';
    snprintf(made, sizeof made, "%s/new", disk);
    FILE *names = fopen(made, "w");
    DIR *folder = opendir(directory);
    for (struct dirent *entry; folder && names && (entry = readdir(folder));)
        if (entry->d_type == DT_REG || (entry->d_type == DT_DIR && entry->d_name[0] != '.'))
            fprintf(names, "%c %lu %s\n", entry->d_type == DT_DIR ? 'd' : 'f', (unsigned long)entry->d_ino, entry->d_name);
    if (folder) closedir(folder);
    if (names) fclose(names);
    real_rename(made, path);
}

static int synced(int fd, int (*real)(int)) {
    ino_t inode;
    char path[PATH_MAX];
    int kind = watched(fd, &inode, path);
    if (!kind) return real(fd);
    pthread_mutex_lock(&lock);
    maybe_cut();
    if (!lies) kind == 2 ? sync_names(path) : sync_file(fd, inode);
    pthread_mutex_unlock(&lock);
    return 0;
}

int fsync(int fd) { return synced(fd, real_fsync); }
int fdatasync(int fd) { return synced(fd, real_fdatasync); }

ssize_t pwrite64(int fd, const void *data, size_t size, off_t offset) {
    ino_t inode;
    char path[PATH_MAX];
    if (watched(fd, &inode, path) != 1) return real_pwrite(fd, data, size, offset);
    pthread_mutex_lock(&lock);
    if (is_cut()) tear(inode, data, size, offset);
    if (size > 4096 && random() % 100 < shorts) size = 4096 * (1 + random() % (size / 4096));
    ssize_t done = real_pwrite(fd, data, size, offset);
    if (done > 0) wrote(fd, inode, offset, done);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite(int fd, const void *data, size_t size, off_t offset) { return pwrite64(fd, data, size, offset); }

ssize_t write(int fd, const void *data, size_t size) {
    ino_t inode;
    char path[PATH_MAX];
    if (watched(fd, &inode, path) != 1) return real_write(fd, data, size);
    pthread_mutex_lock(&lock);
    off_t offset = lseek(fd, 0, SEEK_CUR);
    if (is_cut()) tear(inode, data, size, offset);
    ssize_t done = real_write(fd, data, size);
    if (done > 0) wrote(fd, inode, offset, done);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate64(int fd, off_t size) {
    ino_t inode;
    char path[PATH_MAX];
    if (watched(fd, &inode, path) == 1) {
        pthread_mutex_lock(&lock);
        maybe_cut();
        pthread_mutex_unlock(&lock);
    }
    return real_ftruncate(fd, size);
}
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

/* A change of a name is lost with the power, unless its directory was synced since. */
static void name_changes(const char *path) {
    char whole[PATH_MAX];
    if (!files || !(path[0] == '/' ? snprintf(whole, sizeof whole, "%s", path) > 0 : realpath(path, whole) != NULL)) return;
    if (strncmp(whole, files, strlen(files)) || whole[strlen(files)] != '/') return;
    pthread_mutex_lock(&lock);
    maybe_cut();
    pthread_mutex_unlock(&lock);
}

int rename(const char *old, const char *new) {
    name_changes(old);
    return real_rename(old, new);
}

int unlink(const char *path) {
    name_changes(path);
    return real_unlink(path);
}
