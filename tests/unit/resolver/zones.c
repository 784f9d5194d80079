#include <zones.h>

#define BOTH(domain) SRV(domain, "xmpp.Hoster.example") SRVS(domain, "xmpp.Hoster.example")

const struct world_zone zones[] = {
    {.name = ".", .keys = WORLD_CSK},
    {.name = "zone", .keys = WORLD_SPLIT, .linked = true},
    {.name = "good.zone", .keys = WORLD_CSK, .linked = true,
     .records = SRV("good.zone", "xmpp.Hoster.example")
         "*.wild.good.zone. 300 IN TXT \"made\" \"up\"\n"
         "good.zone. 120 IN A 192.0.2.1\n"
         "good.zone. 120 IN AAAA 2001:db8::1\n"
         "_5269._tcp.good.zone. 300 IN TLSA 3 1 1 0001020304050607\n"
         "alias.good.zone. 60 IN CNAME good.zone.\n"
         "out.good.zone. 60 IN CNAME plain.zone.\n"
         "dead.good.zone. 60 IN CNAME nobody.good.zone.\n"
         "big.good.zone. 300 IN TXT \"" /* together they do not fit UDP */
         "0123456789012345678901234567890123456789012345678901234567890123456789\" \""
         "0123456789012345678901234567890123456789012345678901234567890123456789\"\n"
         "big.good.zone. 300 IN TXT \"a\" \""
         "1123456789012345678901234567890123456789012345678901234567890123456789\"\n"},
    {.name = "nsec3.zone", .keys = WORLD_SPLIT, .algorithm = 8, .nsec3 = true, .linked = true,
     .records = SRV("nsec3.zone", "xmpp.hoster.example")
         "*.wild.nsec3.zone. 300 IN TXT \"made up\"\n"},
    {.name = "plain.zone", .keys = WORLD_UNSIGNED,
     .records = BOTH("plain.zone") "plain.zone. 120 IN A 192.0.2.2\n"},
    /* Islands: signed, and nobody vouches for the key. */
    {.name = "csk.zone", .keys = WORLD_CSK,
     .records = BOTH("csk.zone") BOTH("im.csk.zone")
         "_xmpp-server._tcp.far.csk.zone. 60 IN CNAME _xmpp-server._tcp.good.zone.\n"
         "_xmpp-server._tcp.out.csk.zone. 60 IN CNAME _xmpp-server._tcp.plain.zone.\n"
         "_xmpp-server._tcp.near.csk.zone. 60 IN CNAME _xmpp-server._tcp.csk.zone.\n"
         "*._tcp.wild.csk.zone. 300 IN SRV 5 0 5269 xmpp.hoster.example.\n"},
    {.name = "one.zone", .keys = WORLD_CSK, .records = SRV("one.zone", "xmpp.hoster.example")},
    {.name = "twin.zone", .keys = WORLD_CSK, .same_key_as = "csk.zone",
     .records = BOTH("twin.zone")},
    {.name = "split.zone", .keys = WORLD_SPLIT, .records = BOTH("split.zone")},
    {.name = "zsk.zone", .keys = WORLD_256, .records = BOTH("zsk.zone")},
    {.name = "rsa256.zone", .keys = WORLD_CSK, .algorithm = 8, .records = BOTH("rsa256.zone")},
    {.name = "rsa512.zone", .keys = WORLD_CSK, .algorithm = 10,
     .records = BOTH("rsa512.zone")},
    {.name = "rsasha1.zone", .keys = WORLD_CSK, .algorithm = 5,
     .records = BOTH("rsasha1.zone")},
    {.name = "revoked.zone", .keys = WORLD_REVOKED, .records = BOTH("revoked.zone")},
    {.name = "p384.zone", .keys = WORLD_CSK, .algorithm = 14, .records = BOTH("p384.zone")},
    {.name = "ed25519.zone", .keys = WORLD_CSK, .algorithm = 15,
     .records = BOTH("ed25519.zone")},
    {.name = "n3.zone", .keys = WORLD_CSK, .nsec3 = true,
     .records = SRV("n3.zone", "xmpp.hoster.example")},
    {.name = "far.away.zone", .keys = WORLD_UNSIGNED, /* away.zone is a name of zone */
     .records = BOTH("far.away.zone")},
};
const size_t n_zones = sizeof zones / sizeof zones[0];
