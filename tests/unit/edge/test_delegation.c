/* A service delegation document that says where to connect. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <sys/socket.h>

#include <edge/delegation.h>
#include <edge/places.h>
#include <scene.h>
#include <web.h>

#define STARTTLS "_xmpp-server"

/* --- what a document says ------------------------------------------------------------- */

static const uint32_t random_zero[DNA_EDGE_RECORDS];

static const struct {
    const char *what, *text;
    bool usable;
    enum dna_edge_finding finding;
    const char *places; /* in order */
} documents[] = {
    {"one", "[{\"host\":\"a.example\"}]", true, DNA_EDGE_FOUND, "a.example@5269 "},
    {"by priority", "[{\"host\":\"c.example\",\"priority\":20},{\"host\":\"a.example\"},"
     "{\"host\":\"b.example\",\"port\":5270,\"priority\":10}]", true, DNA_EDGE_FOUND,
     "a.example@5269 b.example@5270 c.example@5269 "},
    {"direct TLS beside STARTTLS", "[{\"host\":\"a.example\",\"tls\":\"direct\",\"port\":1},"
     "{\"host\":\"b.example\",\"priority\":1}]", true, DNA_EDGE_FOUND,
     "a.example@1/tls b.example@5269 "},
    {"direct TLS alone", "[{\"host\":\"a.example\",\"tls\":\"direct\",\"port\":443}]", true,
     DNA_EDGE_FOUND, "a.example@443/tls "},
    {"not offered", "[]", true, DNA_EDGE_ABSENT, ""},
    {"a skipped one beside", "[{},{\"host\":\"a.example\"}]", true, DNA_EDGE_FOUND,
     "a.example@5269 "},
    {"nothing that can be used", "[{}]", false, DNA_EDGE_UNKNOWN, ""},
};

static void documents_become_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof documents / sizeof *documents; i++) {
        struct dna_service_document document;
        struct dna_edge_places places = {.finding = DNA_EDGE_UNKNOWN, .why = "as before"};
        char list[300] = "";
        const char *why;
        print_message("%s\n", documents[i].what);
        assert_int_equal(dna_service_parse(NULL, dna_span_of(documents[i].text), &document,
                                           &why),
                         DNA_OK);
        assert_int_equal(dna_edge_places_of_document(&document, random_zero, &places),
                         documents[i].usable);
        assert_int_equal(places.finding, documents[i].finding);
        assert_int_equal(places.why[0] == '\0', places.finding == DNA_EDGE_FOUND);
        assert_false(places.own_name);
        for (size_t k = 0; k < places.n; k++) {
            size_t len = strlen(list);
            (void)snprintf(list + len, sizeof list - len, "%s@%u%s ", places.list[k].host.text,
                           (unsigned)places.list[k].port,
                           places.list[k].direct_tls ? "/tls" : "");
        }
        assert_string_equal(list, documents[i].places);
        dna_service_fini(&document);
    }
}

/* S10. */
static void no_document_replaces_bogus_records(void **state)
{
    static const enum dna_dns_outcome outcomes[] = {DNA_DNS_FOUND, DNA_DNS_ABSENT,
                                                    DNA_DNS_FAILED, DNA_DNS_BOGUS};
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (size_t k = 0; k < 4; k++) {
            struct dna_dns_answer a = {.outcome = outcomes[i]}, b = {.outcome = outcomes[k]};
            assert_int_equal(dna_edge_places_replaceable(&a, &b), i < 3 && k < 3);
        }
    }
}

static void no_more_places_than_are_tried(void **state)
{
    struct dna_service_endpoint many[DNA_LIMIT_SERVICE_ENDPOINTS];
    struct dna_service_document document = {
        .endpoints = many, .n_endpoints = DNA_LIMIT_SERVICE_ENDPOINTS};
    struct dna_edge_places places;
    (void)state;
    memset(many, 0, sizeof many);
    for (unsigned i = 0; i < DNA_LIMIT_SERVICE_ENDPOINTS; i++) {
        (void)snprintf(many[i].host.text, sizeof many[i].host.text, "h%u.example", i);
        many[i].port = 5269;
        many[i].priority = (uint16_t)(DNA_LIMIT_SERVICE_ENDPOINTS - i);
    }
    assert_true(dna_edge_places_of_document(&document, random_zero, &places));
    assert_int_equal(places.n, DNA_LIMIT_ENDPOINTS);
    assert_string_equal(places.list[0].host.text, "h63.example");
}

/* --- with a web host, which needs port 443 -------------------------------------------- */

#define WEB_IP "127.0.0.78"
#define OLD_IP "127.0.0.79"
#define OK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"

static void need_port_443(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(443)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    bool may;
    assert_true(fd >= 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    assert_int_equal(inet_pton(AF_INET, WEB_IP, &at.sin_addr), 1);
    may = bind(fd, (const struct sockaddr *)&at, sizeof at) == 0;
    (void)close(fd);
    if (!may) {
        skip();
    }
}

struct host {
    struct web *web;
    struct cert cert;
    char head[600];
    struct web_page page;
};

/* https://DOMAIN<path> at that address; body NULL: no such page. */
static void publish(struct scene *scene, struct host *host, const char *domain,
                    const char *address, const char *path, const char *body)
{
    int64_t now = (int64_t)time(NULL);
    char names[300];
    (void)snprintf(names, sizeof names, "DNS:%s", domain);
    host->cert = cert_make(&(struct cert_order){
        .subject = domain, .issuer = &scene->ca, .names = names, .not_before = now - 86400,
        .not_after = now + 86400});
    body = body != NULL ? body : "";
    (void)snprintf(host->head, sizeof host->head, OK_HEAD "Content-Length: %zu\r\n\r\n%s",
                   strlen(body), body);
    host->page = (struct web_page){.path = path, .head = host->head};
    host->web = web_start(&(struct web_order){
        .address = address, .pages = &host->page, .n_pages = body[0] != '\0' ? 1 : 0,
        .leaf = &host->cert, .port = 443});
    name_server_a(scene->names, domain, address);
}

static void withdraw(struct host *host)
{
    web_stop(host->web);
    cert_free(&host->cert);
}

#define PATH "/.well-known/service/xmpp-server"
#define OLD_PATH "/.well-known/services/xmpp/"

static void set_policy(struct side *side, bool connect, bool legacy, bool admitted)
{
    struct dna_policy policy = dna_policy_default();
    policy.delegation_connect = connect;
    policy.delegation_legacy = legacy;
    policy.prooftypes = admitted ? DNA_PROOF_BIT(DNA_PROOF_SERVICE_DELEGATION)
                                 : DNA_PROOF_BIT(DNA_PROOF_POSH);
    assert_int_equal(dna_session_policy(dna_uv_session(side->uv), "*", &policy), DNA_OK);
}

struct answer {
    bool done, definite;
    size_t n;
    char host[100];
    uint16_t port;
};

static void answered(void *arg, const struct dna_uv_endpoint *endpoints, size_t n,
                     bool definite, const char *why)
{
    struct answer *answer = arg;
    *answer = (struct answer){.done = true, .definite = definite, .n = n};
    assert_int_equal(n == 0, why[0] != '\0');
    if (n != 0) {
        answer->port = endpoints[0].port;
        (void)snprintf(answer->host, sizeof answer->host, "%s",
                       endpoints[0].host != NULL ? endpoints[0].host : "(none)");
    }
}

static bool is_answered(void *arg)
{
    return ((struct answer *)arg)->done;
}

static struct answer endpoints_of(struct scene *scene, const char *domain)
{
    struct answer answer = {.done = false};
    assert_int_equal(dna_uv_endpoints(scene->a.uv, domain, answered, &answer), DNA_OK);
    scene_until(scene, is_answered, &answer);
    return answer;
}

static void who_may_say_where(void **state)
{
    static const struct {
        const char *what, *body;
        bool connect, admitted;
        const char *host; /* NULL: none, definitely */
    } rows[] = {
        {"the document", "[{\"host\":\"door.example\",\"port\":5270}]", true, true,
         "door.example"},
        {"only where that is wanted", "[{\"host\":\"door.example\"}]", false, true,
         "srv.example"},
        {"only where the prooftype is admitted", "[{\"host\":\"door.example\"}]", true, false,
         "srv.example"},
        {"there is none", NULL, true, true, "srv.example"},
        {"it cannot be read", "{}", true, true, "srv.example"},
        {"nothing in it can be used", "[{\"port\":1}]", true, true, "srv.example"},
        {"it says that there is no service", "[]", true, true, NULL},
    };
    struct scene *scene = *state;
    need_port_443();
    name_server_srv(scene->names, STARTTLS, "d.example", 1, 1001, "srv.example");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct host host;
        struct answer answer;
        print_message("%s\n", rows[i].what);
        publish(scene, &host, "d.example", WEB_IP, PATH, rows[i].body);
        set_policy(&scene->a, rows[i].connect, false, rows[i].admitted);
        answer = endpoints_of(scene, "d.example");
        assert_int_equal(answer.n, rows[i].host != NULL);
        assert_int_equal(answer.definite, rows[i].host == NULL);
        if (rows[i].host != NULL) {
            assert_string_equal(answer.host, rows[i].host);
        }
        withdraw(&host);
    }
}

/* Also where SRV records are missing, or could not be looked up. */
static void without_srv_records(void **state)
{
    struct scene *scene = *state;
    struct host host;
    struct answer answer;
    need_port_443();
    publish(scene, &host, "d.example", WEB_IP, PATH, "[{\"host\":\"door.example\"}]");
    set_policy(&scene->a, true, false, true);
    answer = endpoints_of(scene, "d.example");
    assert_string_equal(answer.host, "door.example");
    name_server_fails(scene->names, STARTTLS "._tcp.d.example");
    answer = endpoints_of(scene, "d.example");
    assert_string_equal(answer.host, "door.example");
    withdraw(&host);
}

static void a_web_host_that_cannot_be_reached(void **state)
{
    struct scene *scene = *state;
    struct answer answer;
    set_policy(&scene->a, true, false, true);
    name_server_srv(scene->names, STARTTLS, "d.example", 1, 1001, "srv.example");
    answer = endpoints_of(scene, "d.example"); /* it has no address */
    assert_string_equal(answer.host, "srv.example");
    name_server_a(scene->names, "d.example", "10.0.0.1");
    answer = endpoints_of(scene, "d.example"); /* it has one that the guard refuses */
    assert_string_equal(answer.host, "srv.example");
}

static void the_old_place(void **state)
{
    struct scene *scene = *state;
    struct host host, old;
    struct answer answer;
    need_port_443();
    name_server_srv(scene->names, STARTTLS, "d.example", 1, 1001, "srv.example");
    publish(scene, &host, "d.example", WEB_IP, PATH, NULL);
    publish(scene, &old, "www.d.example", OLD_IP, OLD_PATH, "[{\"host\":\"door.example\"}]");
    set_policy(&scene->a, true, false, true);
    answer = endpoints_of(scene, "d.example");
    assert_string_equal(answer.host, "srv.example");
    assert_int_equal(web_requests(old.web), 0);
    set_policy(&scene->a, true, true, true);
    answer = endpoints_of(scene, "d.example");
    assert_string_equal(answer.host, "door.example");
    withdraw(&host);
    withdraw(&old);
}

/* The whole way: connected where the document says, and proven by it. */
static void a_stream_by_a_document(void **state)
{
    struct scene *scene = *state;
    struct host host;
    char body[200];
    need_port_443();
    (void)snprintf(body, sizeof body,
                   "[{\"host\":\"door.example\",\"port\":%u,\"domain\":\"b.example\"}]",
                   (unsigned)dna_uv_listener_port(scene->b.listener));
    name_server_a(scene->names, "door.example", "127.0.0.1");
    publish(scene, &host, "b.example", WEB_IP, PATH, body);
    set_policy(&scene->a, true, false, true);
    side_connect(&scene->a, "b.example");
    scene_until(scene, side_is_up, &scene->a);
    withdraw(&host);
}

/* Without it the SRV record leads to a place that the document does not list. */
static void a_stream_by_srv_under_the_same_document(void **state)
{
    struct scene *scene = *state;
    struct host host;
    char body[200];
    need_port_443();
    (void)snprintf(body, sizeof body,
                   "[{\"host\":\"door.example\",\"port\":%u,\"domain\":\"b.example\"}]",
                   (unsigned)dna_uv_listener_port(scene->b.listener));
    name_server_a(scene->names, "door.example", "127.0.0.1");
    publish(scene, &host, "b.example", WEB_IP, PATH, body);
    set_policy(&scene->a, false, false, true);
    side_connect(&scene->a, "b.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_false(scene->a.proven);
    withdraw(&host);
}

/* S22: a document does not make us connect to ourselves, or to where only the operator may. */
static void a_document_does_not_lead_inside(void **state)
{
    static const char *const inside[] = {"127.0.0.1", "10.0.0.1", "169.254.169.254"};
    struct scene *scene = *state;
    struct host host;
    char body[200];
    need_port_443();
    (void)snprintf(body, sizeof body, "[{\"host\":\"door.example\",\"port\":%u}]",
                   (unsigned)dna_uv_listener_port(scene->b.listener));
    publish(scene, &host, "d.example", WEB_IP, PATH, body);
    for (size_t i = 0; i < sizeof inside / sizeof *inside; i++) {
        name_server_a(scene->names, "door.example", inside[i]);
    }
    dna_uv_identity_free(scene->a.identity);
    scene->a.identity = NULL;
    side_free(&scene->a);
    scene->a.freed = false;
    scene->a.uv = scene_driver(scene, &scene->loop, WEB_IP, NULL);
    set_policy(&scene->a, true, false, true);
    side_connect(&scene->a, "d.example");
    scene_until(scene, side_has_closed, &scene->a);
    assert_string_equal(scene->a.condition, "remote-connection-failed");
    assert_int_equal(web_requests(host.web), 1);
    assert_int_equal(scene->b.admitted, 0);
    withdraw(&host);
}

static void one_that_is_given_up(void **state)
{
    struct scene *scene = *state;
    struct host host;
    struct dna_uv_stream *stream;
    need_port_443();
    publish(scene, &host, "b.example", WEB_IP, PATH, "[]");
    set_policy(&scene->a, true, false, true);
    stream = side_connect(&scene->a, "b.example");
    scene_settle(scene);
    if (scene->a.closed == 0) {
        dna_uv_stream_close(stream, NULL, NULL);
    }
    scene_until(scene, side_has_closed, &scene->a);
    withdraw(&host);
}

#define scene_test(f) cmocka_unit_test_setup_teardown(f, scene_begin, scene_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(documents_become_places),
        cmocka_unit_test(no_document_replaces_bogus_records),
        cmocka_unit_test(no_more_places_than_are_tried),
        scene_test(who_may_say_where),
        scene_test(without_srv_records),
        scene_test(a_web_host_that_cannot_be_reached),
        scene_test(the_old_place),
        scene_test(a_stream_by_a_document),
        scene_test(a_stream_by_srv_under_the_same_document),
        scene_test(a_document_does_not_lead_inside),
        scene_test(one_that_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
