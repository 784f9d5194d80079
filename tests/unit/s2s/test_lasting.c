/* Streams that last: stream management (XEP-0198), pings and silence, bidi (XEP-0288). */
#include "play.h"

#define LASTS_IN {.role = DNA_RECEIVING, .lasts = true}
#define LASTS_OUT {.role = DNA_INITIATING, .lasts = true}
#define DIALS_IN {.role = DNA_RECEIVING, .lasts = true, .dialback = true}
#define DIALS_OUT {.role = DNA_INITIATING, .lasts = true, .dialback = true}

static const struct scene scenes[] = {
    {"placeholder", LASTS_IN, PLAIN_IN},
};

int main(void)
{
    return play_all(scenes, sizeof scenes / sizeof *scenes);
}
