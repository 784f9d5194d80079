/* session/precedent.c: rulings that are remembered (S13, rule 3 of the proofs).
 *
 * A proof answers later questions about the same domain, role, service, certificate, endpoint
 * and policy until it ends.  A refusal answers only a peer that presents the same chain and
 * supplies the very same proof again, for a minute, and only if nothing stood in the way of
 * finding out.
 */
#include <session/hearing.h>

#include <string.h>

#include <base/limits.h>
#include <x509/digest.h>

/* Whether a refusal says something about the proof that was supplied, and not about the
 * network or about us (S13). */
static bool lasting(enum dna_code code)
{
    switch (code) {
    case DNA_CODE_WEAK_KEY:
    case DNA_CODE_UNTRUSTED:
    case DNA_CODE_NOT_VALID_NOW:
    case DNA_CODE_NAME_MISMATCH:
    case DNA_CODE_BAD_MATERIAL:
    case DNA_CODE_NO_MATCH:
    case DNA_CODE_NOT_BOUND:
        return true;
    case DNA_CODE_OK:
    case DNA_CODE_POLICY:
    case DNA_CODE_NO_CERTIFICATE:
    case DNA_CODE_DNS_BOGUS:
    case DNA_CODE_DNS_FAILED:
    case DNA_CODE_DNS_INSECURE:
    case DNA_CODE_NO_DELEGATION:
    case DNA_CODE_WRONG_DELEGATE:
    case DNA_CODE_NO_MATERIAL:
    case DNA_CODE_FETCH_REFUSED:
    case DNA_CODE_FETCH_FAILED:
    case DNA_CODE_PEER_SILENT:
    case DNA_CODE_PEER_IMPOSSIBLE:
    case DNA_CODE_TESTING:
    case DNA_CODE_TIMEOUT:
    case DNA_CODE_CANCELED:
    case DNA_CODE_INTERNAL:
        return false;
    }
    return false;
}

/* Whether asking again would find the same: the proof itself was bad.  Where anything could
 * not be found out the court has not ruled FAIL, but for a veto. */
static bool is_settled(const struct dna_hearing *hearing)
{
    struct dna_ruling one;
    return !hearing->ruling.veto &&
           dna_court_prover_ruling(hearing->court, hearing->peer.proof.type, &one) &&
           one.verdict == DNA_FAIL && lasting(one.code);
}

/* What another process, or an earlier one, has ruled. */
static bool recalled(struct dna_hearing *hearing, const struct dna_key_proof *proof,
                     struct dna_time now)
{
    struct dna_session *session = hearing->session;
    struct dna_key key;
    return dna_learning_key(&session->learning, &hearing->question, proof, &key) == DNA_OK &&
           dna_memory_ruled(&session->memory, dna_key_span(&key), now.wall, &hearing->ruling);
}

/* What was proven is so no longer; only who was told that it was needs to hear it. */
static void disown(struct dna_hearing *hearing, const struct dna_key *own, struct dna_time now)
{
    struct dna_session *session = hearing->session;
    struct dna_ruling old;
    struct dna_key key;
    bool known = dna_memory_ruled(&session->memory, dna_key_span(own), now.wall, &old);
    dna_memory_forget(&session->memory, dna_key_span(own));
    if (dna_learning_key(&session->learning, &hearing->question, NULL, &key) != DNA_OK) {
        return;
    }
    if (dna_memory_ruled(&session->memory, dna_key_span(&key), now.wall, &old) || known) {
        dna_memory_forget(&session->memory, dna_key_span(&key));
        dna_learning_ruling_gone(&session->learning, &hearing->question, now.wall);
    }
}

void dna_precedent_set(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_memory *memory = &hearing->session->memory;
    const struct dna_ruling *ruling = &hearing->ruling;
    struct dna_key key;
    if (dna_key_proven(&hearing->question, &key) != DNA_OK) {
        return;
    }
    if (ruling->verdict == DNA_PROVEN) {
        dna_memory_rule(memory, dna_key_span(&key), ruling, ruling->expires_at, now.wall);
        dna_learning_ruling(&hearing->session->learning, &hearing->question, NULL, ruling,
                            ruling->expires_at, now.wall);
    } else if (ruling->verdict == DNA_FAIL) {
        disown(hearing, &key, now);
        if (hearing->peer.answered && is_settled(hearing) &&
            dna_key_refused(&hearing->question, &hearing->peer.proof, &key) == DNA_OK) {
            dna_memory_rule(memory, dna_key_span(&key), ruling,
                            now.wall + DNA_LIMIT_KEEP_FAILED_S, now.wall);
            dna_learning_ruling(&hearing->session->learning, &hearing->question,
                                &hearing->peer.proof, ruling,
                                now.wall + DNA_LIMIT_KEEP_FAILED_S, now.wall);
        }
    }
}

bool dna_precedent_proven(struct dna_hearing *hearing, struct dna_time now)
{
    struct dna_key key;
    return hearing->purpose == DNA_HEAR_FIRST &&
           dna_key_proven(&hearing->question, &key) == DNA_OK &&
           (dna_memory_ruled(&hearing->session->memory, dna_key_span(&key), now.wall,
                             &hearing->ruling) ||
            recalled(hearing, NULL, now));
}

bool dna_precedent_refused(struct dna_hearing *hearing, const struct dna_fact *fact,
                           struct dna_time now)
{
    struct dna_key_proof *proof = &hearing->peer.proof;
    unsigned char digest[DNA_HASH_MAX];
    struct dna_key key;
    if (fact->u.peer.outcome != DNA_PEER_PROOF || fact->u.peer.content.len == 0 ||
        dna_hash(DNA_HASH_SHA256, fact->u.peer.content, digest) != DNA_OK) {
        return false;
    }
    proof->type = fact->u.peer.prooftype;
    memcpy(proof->digest, digest, sizeof proof->digest);
    if (dna_key_refused(&hearing->question, proof, &key) != DNA_OK) {
        return false;
    }
    hearing->peer.answered = true;
    return dna_memory_ruled(&hearing->session->memory, dna_key_span(&key), now.wall,
                            &hearing->ruling) ||
           recalled(hearing, proof, now);
}
