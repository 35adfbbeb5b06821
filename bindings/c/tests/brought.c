#include "brought.h"
#include "in.h"

int find(struct in *in, struct brought *brought)
{
    *brought = (struct brought){.identity = {.device = NULL}};
    brought->identity.device_seed = take(in, 32);
    brought->identity.life = take(in, 16);
    brought->identity.secret = take(in, 32);
    brought->identity.claim_key = take(in, 32);
    while (!in->broken && brought->list.data == NULL) {
        unsigned what = flag(in);
        uint64_t now = number(in, 8);
        const unsigned char *random;
        kw_bytes message;
        switch (what) {
        case 1:
            brought->claimed = now;
            counted(in);
            brought->bundle.claim = counted(in);
            brought->bundle.epoch = counted(in);
            brought->bundle.keyset = counted(in);
            brought->bundle.card = counted(in);
            take(in, 64);
            counted(in);
            break;
        case 2:
            random = take(in, 16);
            if (brought->random == NULL)
                brought->random = random;
            counted(in);
            break;
        case 3:
            message = counted(in);
            take(in, 4);
            // Behind version and kind: done, or taken in.
            unsigned answer = take(in, 3)[2];
            if (answer == 0 && brought->presentation.data == NULL) {
                brought->presentation = message;
                brought->opened = now;
            }
            if (answer == 1)
                brought->list = message;
            counted(in);
            break;
        case 4:
        case 5:
            break;
        default:
            return 0;
        }
    }
    return !in->broken && brought->presentation.data != NULL;
}
