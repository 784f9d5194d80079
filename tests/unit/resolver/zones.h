/* The zones that the resolver's tests ask about. */
#ifndef TESTS_RESOLVER_ZONES_H
#define TESTS_RESOLVER_ZONES_H

#include <world.h>

extern const struct world_zone zones[];
extern const size_t n_zones;

#define SRV(domain, target) \
    "_xmpp-server._tcp." domain ". 300 IN SRV 5 0 5269 " target ".\n"
#define SRVS(domain, target) \
    "_xmpps-server._tcp." domain ". 300 IN SRV 5 0 5270 " target ".\n"

#endif
