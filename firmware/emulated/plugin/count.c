/*
 * A plugin for QEMU 7.2 and later: counts the guest's instructions at marked addresses, and cuts
 * its power at a chosen one. Arguments: mark0=ADDRESS, mark1=ADDRESS, ... ; from=N and stop=N: the
 * guest dies in front of the block with the stop-th instruction behind the N-th passing of mark 2.
 *
 * Each passing of marks 0 and 1 is told to standard error, at the end how often mark 2 was passed.
 * Debian has no qemu-plugin.h: what is used of it is declared here.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id;
typedef struct qemu_info qemu_info;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, ADD_U64 = 0 };
typedef void (*on_block)(plugin_id, struct qemu_plugin_tb *);
typedef void (*on_end)(plugin_id, void *);
typedef void (*on_run)(unsigned, void *);
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id, on_block);
extern void qemu_plugin_register_atexit_cb(plugin_id, on_end, void *);
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, on_run, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, on_run, int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *,
                                                       uint64_t);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

EXPORT int qemu_plugin_version = 1;

enum { MARKS = 3, FLASH = 2 };

static uint64_t marks[MARKS], passed[MARKS], total, from, stop;

static void mark(unsigned cpu, void *number)
{
    (void)cpu;
    uintptr_t index = (uintptr_t)number;
    passed[index]++;
    if (index != FLASH) {
        fprintf(stderr, "mark %" PRIuPTR " %" PRIu64 "\n", index, total);
    } else if (from != 0 && passed[FLASH] == from) {
        stop += total;
        from = 0;
    }
}

/* Power fails: nothing of the guest is heard of any more. */
static void block(unsigned cpu, void *size)
{
    (void)cpu;
    if (stop != 0 && from == 0 && total + (uintptr_t)size >= stop) {
        kill(getpid(), SIGKILL);
        for (;;)
            pause();
    }
}

static void translated(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    size_t size = qemu_plugin_tb_n_insns(tb);
    if (stop != 0)
        qemu_plugin_register_vcpu_tb_exec_cb(tb, block, NO_REGISTERS, (void *)(uintptr_t)size);
    for (size_t at = 0; at < size; at++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, at);
        for (uintptr_t index = 0; index < MARKS; index++)
            if (qemu_plugin_insn_vaddr(insn) == marks[index])
                qemu_plugin_register_vcpu_insn_exec_cb(insn, mark, NO_REGISTERS, (void *)index);
        qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64, &total, 1);
    }
}

static void ended(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    fprintf(stderr, "flash %" PRIu64 "\ntotal %" PRIu64 "\n", passed[FLASH], total);
}

EXPORT int qemu_plugin_install(plugin_id id, const qemu_info *info, int count, char **arguments)
{
    (void)info;
    for (int at = 0; at < count; at++) {
        const char *value = strchr(arguments[at], '=');
        if (value == NULL)
            return -1;
        uint64_t number = strtoull(value + 1, NULL, 0);
        if (strncmp(arguments[at], "from=", 5) == 0)
            from = number;
        else if (strncmp(arguments[at], "stop=", 5) == 0)
            stop = number;
        else if (strncmp(arguments[at], "mark", 4) == 0 && arguments[at][4] - '0' < MARKS)
            marks[arguments[at][4] - '0'] = number;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, ended, NULL);
    return 0;
}
