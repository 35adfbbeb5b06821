// All tests on a board.
#include "host.h"

int misuse(void);
int vectors(const unsigned char *bytes, size_t length);

__asm__(".section .rodata\n"
        ".global cases\ncases:\n.incbin \"vectors.bin\"\n"
        ".global cases_end\ncases_end:\n"
        ".text\n");
extern const unsigned char cases[], cases_end[];

void say_number(unsigned long number)
{
    char digits[12];
    unsigned at = sizeof digits - 1;
    digits[at] = 0;
    do {
        digits[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    say(&digits[at]);
}

int main(void)
{
    int failed = misuse();
    return vectors(cases, (size_t)(cases_end - cases)) | failed;
}
