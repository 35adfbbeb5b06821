// A board, as the door needs it.
#ifndef DOOR_H
#define DOOR_H

#include <keyward.h>

uint64_t board_milliseconds(void);
int32_t board_random(void *board, uint8_t *bytes, size_t length);
int board_bolt(int open);
int board_runs(void);

// Whether a phone is connected. While none is, it waits for one, no longer than a second.
int board_connected(void);

void board_send(const unsigned char *bytes, size_t length);

// Waits for a message, no longer than a second: its length, 0 where none came.
size_t board_receive(unsigned char *bytes, size_t size);

// The lock, as long as the board runs; returns the last status.
int door(const kw_flash *flash, const kw_identity *identity);

#endif
