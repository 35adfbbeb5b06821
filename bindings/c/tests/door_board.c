// A board without a radio, to measure what a door takes of flash.
#include "door.h"

static unsigned char cells[32768];

static int32_t read(void *context, uint32_t offset, uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t at = 0; at < length; at++)
        bytes[at] = cells[offset + at];
    return 0;
}

static int32_t program(void *context, uint32_t offset, const uint8_t *bytes, size_t length)
{
    (void)context;
    for (size_t at = 0; at < length; at++)
        cells[offset + at] &= bytes[at];
    return 0;
}

static int32_t erase(void *context, uint32_t offset, uint32_t length)
{
    (void)context;
    for (uint32_t at = 0; at < length; at++)
        cells[offset + at] = 0xff;
    return 0;
}

static volatile int registers;

uint64_t board_milliseconds(void)
{
    return (uint64_t)registers;
}

int32_t board_random(void *board, uint8_t *bytes, size_t length)
{
    (void)board;
    for (size_t at = 0; at < length; at++)
        bytes[at] = (uint8_t)registers;
    return 0;
}

int board_bolt(int open)
{
    registers = open;
    return 0;
}

int board_runs(void)
{
    return registers;
}

int board_connected(void)
{
    return registers;
}

void board_send(const unsigned char *bytes, size_t length)
{
    for (size_t at = 0; at < length; at++)
        registers = bytes[at];
}

size_t board_receive(unsigned char *bytes, size_t size)
{
    bytes[0] = (unsigned char)registers;
    return (size_t)registers % size;
}

int main(void)
{
    static const uint8_t seed[32] = {1}, life[16] = {2}, secret[32] = {3};
    const kw_identity identity = {.device_seed = seed, .life = life, .secret = secret};
    const kw_flash flash = {.read = read, .program = program, .erase = erase,
                            .size = sizeof cells, .page = 4096, .word = 4};
    return kw_flash_wipe(&flash) != KW_OK || door(&flash, &identity) != KW_OK;
}
