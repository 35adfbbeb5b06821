// A start without a C library: memory, the floating-point unit, main, and the end by semihosting.
#include <stdint.h>

int main(void);
void reset(void);
void board_end(int failed);
void kw_panic(void);

void stack_top(void); // a place, not a function
extern uint32_t data_at, data_from, data_to, bss_from, bss_to;

static void fault(void)
{
    board_end(1);
}

__attribute__((section(".vectors"), used)) static void (*const table[16])(void) = {
    stack_top, reset, fault, fault, fault, fault, fault};

static uint32_t semihosting(uint32_t what, uintptr_t with)
{
    register uint32_t r0 __asm__("r0") = what;
    register uintptr_t r1 __asm__("r1") = with;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

// SYS_WRITE0.
void say(const char *text);
void say(const char *text)
{
    semihosting(0x04, (uintptr_t)text);
}

// SYS_EXIT: ADP_Stopped_ApplicationExit, or an error.
void board_end(int failed)
{
    semihosting(0x18, failed ? 0x20023 : 0x20026);
    for (;;)
        ;
}

// What the library calls when it panics; a board would reset.
void kw_panic(void)
{
    say("panicked\n");
    board_end(1);
}

void reset(void)
{
    // CPACR: the floating-point unit is the program's.
    *(volatile uint32_t *)0xe000ed88 |= 0xfu << 20;
    __asm__ volatile("dsb\nisb");
    const uint32_t *from = &data_at;
    for (uint32_t *to = &data_from; to < &data_to;)
        *to++ = *from++;
    for (volatile uint32_t *to = &bss_from; to < &bss_to;)
        *to++ = 0;
    board_end(main());
}
