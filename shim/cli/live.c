/* cli/live.c: see live.h. */
#include <cli/live.h>

#include <cli/input.h>
#include <edge/driver.h>

#define ROOT_HINTS "/usr/share/dns/root.hints"
#define RESOLVERS_MOST 16

/* What --allow-private adds to the global unicast addresses. */
static const char *const private_prefixes[] = {
    "10.0.0.0/8",  "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
    "127.0.0.0/8", "fc00::/7",      "fe80::/10",      "::1",
};

static void closed(void *arg)
{
    struct cli_live *live = arg;
    live->closed = true;
}

static void end_loop(struct cli_live *live)
{
    while (uv_run(&live->loop, UV_RUN_DEFAULT) != 0) {
    }
    (void)uv_loop_close(&live->loop);
}

enum cli_exit cli_live_open(struct cli_live *live, struct cli_call *call,
                            enum dna_evidence evidence)
{
    size_t n = cli_count(call, "resolver");
    const char *servers[RESOLVERS_MOST], *why = "";
    struct dna_uv_options options = {
        .size = sizeof options,
        .loop = &live->loop,
        .session = {.size = sizeof options.session, .evidence = evidence},
        .ca_file = cli_text(call, "ca-file"),
        .dns = n > 0 ? DNA_UV_DNS_FORWARD : DNA_UV_DNS_ITERATE,
        .dns_servers = servers,
        .n_dns_servers = n,
        .root_hints = n > 0 ? NULL : ROOT_HINTS,
        .trust_anchor_file = cli_text(call, "trust-anchor"),
    };
    *live = (struct cli_live){.call = call};
    if (n > RESOLVERS_MOST) {
        return cli_usage(call, "more than %d resolvers", RESOLVERS_MOST);
    }
    for (size_t i = 0; i < n; i++) {
        servers[i] = cli_nth(call, "resolver", i);
    }
    if (cli_flag(call, "allow-private")) {
        options.guard_allow = private_prefixes;
        options.n_guard_allow = sizeof private_prefixes / sizeof *private_prefixes;
    }
    if (dna_edge_random(&options.session.seed, sizeof options.session.seed) != DNA_OK ||
        uv_loop_init(&live->loop) != 0) {
        return cli_fault(call, "no event loop, or no random numbers");
    }
    if (dna_uv_new(&options, &live->driver, &why) != DNA_OK) {
        end_loop(live);
        return cli_fault(call, "%s (the trust anchor is %s, the CA file %s)", why,
                         options.trust_anchor_file, options.ca_file);
    }
    return CLI_ACCEPTED;
}

void cli_live_step(struct cli_live *live)
{
    (void)uv_run(&live->loop, UV_RUN_ONCE);
}

void cli_live_close(struct cli_live *live)
{
    dna_uv_free(live->driver, closed, live);
    while (!live->closed && uv_run(&live->loop, UV_RUN_ONCE) != 0) {
    }
    end_loop(live);
}

bool cli_live_identity(struct cli_live *live, const char *own, struct dna_uv_identity **out)
{
    struct cli_call *call = live->call;
    const char *cert = cli_text(call, "cert"), *key = cli_text(call, "key"), *why;
    struct dna_span cert_pem, key_pem;
    *out = NULL;
    if ((cert == NULL) != (key == NULL)) {
        (void)cli_usage(call, "--cert and --key belong together");
        return false;
    }
    if (cert == NULL) {
        if (!cli_throwaway(call, own, &cert_pem, &key_pem)) {
            (void)cli_fault(call, "no certificate could be made");
            return false;
        }
    } else if (!cli_read(call, cert, &cert_pem) || !cli_read(call, key, &key_pem)) {
        return false;
    }
    if (dna_uv_identity_new(live->driver, cert_pem, key_pem, out, &why) != DNA_OK) {
        (void)cli_fault(call, "%s: %s", cert != NULL ? cert : "a certificate of our own", why);
        return false;
    }
    return true;
}
