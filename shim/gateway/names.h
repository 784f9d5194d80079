/* gateway/names.h: name servers that lead the local servers to their links. */
#ifndef DNA_GATEWAY_NAMES_H
#define DNA_GATEWAY_NAMES_H

#include "gateway.h"

/* The SRV target in every answer: a name that is nobody's, since .internal is for private use
 * and never delegated. */
#define NAMES_TARGET "dna-gateway.internal"

/* Makes the one that listener->coming wants where there is none.  False: logged. */
bool names_prepare(struct gateway *gateway, struct gateway_listener *listener);
/* Ends one that was prepared and is not in force. */
void names_discard(struct gateway_listener *listener);
/* Puts in force what listener->coming wants, or nothing. */
void names_commit(struct gateway *gateway, struct gateway_listener *listener);
void names_close(struct gateway_listener *listener);

#endif
