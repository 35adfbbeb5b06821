// Stands for Zephyr's header, with what the sample takes of it.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define printk printf
#define k_panic abort

static inline int64_t k_uptime_get(void)
{
    return 1000;
}
