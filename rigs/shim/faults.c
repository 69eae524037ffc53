/* SPDX-License-Identifier: Apache-2.0
 *
 * Preloaded into a process to play faults that no test can wait for.
 *
 * RIG_WATCH   only files below this folder are touched
 * RIG_SHADOW  after each fsync that succeeded, the file's content is copied here by inode, and one
 *             line is added to RIG_SHADOW/log; after an fsync of a folder its listing is added.
 *             A power loss is then: what can be built from RIG_SHADOW alone.
 * RIG_FAULT   a file that the rig writes one letter into: 'n' the disk is full (ENOSPC on write),
 *             'e' fsync fails (EIO); anything else: no fault.
 * RIG_CLOCK   a file with a number of seconds that is added to the wall clock.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) __typeof__(&name) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

static int watched(int fd, char *path) {
    const char *below = getenv("RIG_WATCH");
    char link[64];
    if (!below) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n <= 0) return 0;
    path[n] = 0;
    size_t length = strlen(below);
    return strncmp(path, below, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static char fault(void) {
    const char *file = getenv("RIG_FAULT");
    char letter = 0;
    if (!file) return 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (syscall(SYS_read, fd, &letter, 1) != 1) letter = 0;
    close(fd);
    return letter;
}

static void write_all(int fd, const char *text, size_t length) {
    while (length > 0) {
        ssize_t n = syscall(SYS_write, fd, text, length);
        if (n <= 0) return;
        text += n;
        length -= (size_t)n;
    }
}

static void note(const char *shadow, const char *text, size_t length) {
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/log", shadow);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (fd < 0) return;
    write_all(fd, text, length); /* one write of a few kilobytes: appended whole */
    close(fd);
}

static void keep_file(const char *shadow, const char *path, const struct stat *about) {
    static _Thread_local unsigned long counter;
    char temporary[PATH_MAX], final[PATH_MAX], line[PATH_MAX + 64];
    snprintf(temporary, sizeof temporary, "%s/half.%d.%ld.%lu", shadow, (int)getpid(),
             (long)syscall(SYS_gettid), counter++);
    snprintf(final, sizeof final, "%s/inode.%lu", shadow, (unsigned long)about->st_ino);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0) return;
    struct stat now;
    if (fstat(from, &now) != 0 || now.st_ino != about->st_ino) { close(from); return; }
    int to = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (to < 0) { close(from); return; }
    off_t at = 0;
    while (at < now.st_size) {
        ssize_t n = sendfile(to, from, &at, (size_t)(now.st_size - at));
        if (n <= 0) break;
    }
    close(from);
    close(to);
    if (rename(temporary, final) != 0) return;
    int n = snprintf(line, sizeof line, "F\t%lu\t%s\n", (unsigned long)about->st_ino, path);
    note(shadow, line, (size_t)n);
}

static void keep_folder(const char *shadow, const char *path) {
    size_t room = 1 << 18, length = 0;
    char *text = malloc(room);
    DIR *folder = opendir(path);
    struct dirent *entry;
    if (!text || !folder) { free(text); if (folder) closedir(folder); return; }
    length += (size_t)snprintf(text, room, "D\t%s", path);
    while ((entry = readdir(folder)) && length + 300 < room)
        if (entry->d_type == DT_REG)
            length += (size_t)snprintf(text + length, room - length, "\t%lu/%s",
                                       (unsigned long)entry->d_ino, entry->d_name);
    closedir(folder);
    text[length++] = '\n';
    note(shadow, text, length);
    free(text);
}

static int after_sync(int fd, int result) {
    char path[PATH_MAX];
    const char *shadow = getenv("RIG_SHADOW");
    struct stat about;
    int before = errno;
    if (result == 0 && shadow && watched(fd, path) && fstat(fd, &about) == 0) {
        if (S_ISDIR(about.st_mode)) keep_folder(shadow, path);
        else if (S_ISREG(about.st_mode)) keep_file(shadow, path, &about);
    }
    errno = before;
    return result;
}

static int sync_fails(int fd) {
    char path[PATH_MAX];
    if (getenv("RIG_FAULT") && fault() == 'e' && watched(fd, path)) { errno = EIO; return 1; }
    return 0;
}

static int write_fails(int fd) {
    char path[PATH_MAX];
    if (getenv("RIG_FAULT") && fault() == 'n' && watched(fd, path)) { errno = ENOSPC; return 1; }
    return 0;
}

int fsync(int fd) { REAL(fsync); return sync_fails(fd) ? -1 : after_sync(fd, real(fd)); }
int fdatasync(int fd) { REAL(fdatasync); return sync_fails(fd) ? -1 : after_sync(fd, real(fd)); }

ssize_t write(int fd, const void *data, size_t length) {
    REAL(write);
    return write_fails(fd) ? -1 : real(fd, data, length);
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) {
    REAL(pwrite);
    return write_fails(fd) ? -1 : real(fd, data, length, at);
}
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t at) {
    REAL(pwrite64);
    return write_fails(fd) ? -1 : real(fd, data, length, at);
}

static long shift(void) {
    const char *file = getenv("RIG_CLOCK");
    char text[32] = {0};
    if (!file) return 0;
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0) text[0] = 0;
    close(fd);
    return strtol(text, NULL, 10);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    REAL(clock_gettime);
    int result = real(clock, at);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        at->tv_sec += shift();
    return result;
}
int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    REAL(gettimeofday);
    int result = real(at, zone);
    if (result == 0) at->tv_sec += shift();
    return result;
}
time_t time(time_t *at) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
