/* gateway/main.c: the command line. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "gateway.h"
#include "policies.h"
#include "signer.h"

enum exit_code { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

struct command {
    const char *policy_for;
    const char *file, *trace;
    bool check, print, memory, bridge_ca;
    bool signer; /* the gateway runs it, nobody else */
    const char *memory_of; /* with memory: NULL: all */
    const char *clear;
};

static void usage(FILE *out)
{
    fputs("usage: dna-gateway -c FILE [--trace FILE]\n"
          "       dna-gateway -c FILE (--check | --print | --policy-for DOMAIN | --bridge-ca |\n"
          "                            --memory [DOMAIN] | --memory-clear DOMAIN)\n"
          "\n"
          "Stands between the Internet and XMPP servers, and lets a domain speak only with a\n"
          "proof.\n"
          "\n"
          "  -c, --config FILE  the configuration, see dna-gateway.conf(5)\n"
          "      --policy-for DOMAIN\n"
          "                     print which policy applies to a domain, and where it stands\n"
          "      --check        say what is wrong with it, and do nothing else\n"
          "      --print        print it with every default filled in\n"
          "      --memory [DOMAIN]\n"
          "                     print what the store holds, of that domain alone, and end\n"
          "      --memory-clear DOMAIN\n"
          "                     make the store, and the gateways on it, forget a domain\n"
          "      --bridge-ca    print the certificates that servers behind links of kind bridge\n"
          "                     are to believe\n"
          "      --trace FILE   write what passes on every stream, decrypted, to FILE\n"
          "      --help         this text, and the options of the configuration\n"
          "      --version      the version\n"
          "\n"
          "Exit status: 0 fine, 1 could not run, 2 wrong usage or configuration.\n",
          out);
}

static int help(void)
{
    usage(stdout);
    puts("\nOptions of the configuration, with their defaults:\n");
    gateway_config_help(stdout);
    return EXIT_FINE;
}

/* why: NULL: it has been said. */
static int misuse(const char *why)
{
    if (why != NULL) {
        fprintf(stderr, "dna-gateway: %s\n", why);
    }
    usage(stderr);
    return EXIT_USAGE;
}

/* EXIT_FINE: go on; *done: the command was --help or --version. */
static int read_command(int argc, char **argv, struct command *command, bool *done)
{
    static const struct option longs[] = {{"config", required_argument, NULL, 'c'},
                                          {"policy-for", required_argument, NULL, 'o'},
                                          {"bridge-ca", no_argument, NULL, 'b'},
                                          {"bridge-signer", no_argument, NULL, 's'},
                                          {"check", no_argument, NULL, 'k'},
                                          {"print", no_argument, NULL, 'p'},
                                          {"memory", no_argument, NULL, 'm'},
                                          {"memory-clear", required_argument, NULL, 'f'},
                                          {"trace", required_argument, NULL, 't'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'v'},
                                          {NULL, 0, NULL, 0}};
    int c;
    while ((c = getopt_long(argc, argv, "c:", longs, NULL)) != -1) {
        switch (c) {
        case 'c':
            command->file = optarg;
            break;
        case 'o':
            command->policy_for = optarg;
            break;
        case 'b':
            command->bridge_ca = true;
            break;
        case 's':
            command->signer = true;
            break;
        case 'k':
            command->check = true;
            break;
        case 'p':
            command->print = true;
            break;
        case 'm':
            command->memory = true;
            break;
        case 'f':
            command->clear = optarg;
            break;
        case 't':
            command->trace = optarg;
            break;
        case 'h':
            *done = true;
            return help();
        case 'v':
            *done = true;
            puts("dna-gateway " DNA_GATEWAY_VERSION);
            return EXIT_FINE;
        default:
            return misuse(NULL);
        }
    }
    if (command->memory && optind + 1 == argc) {
        command->memory_of = argv[optind++];
    }
    if (optind < argc) {
        return misuse("there is an argument too many; the configuration stands behind -c");
    }
    if (command->file == NULL) {
        return misuse("there is no configuration; name it with -c");
    }
    if (command->check + command->print + command->memory + (command->clear != NULL) +
            (command->policy_for != NULL) + command->bridge_ca + command->signer >
        1) {
        return misuse("one thing at a time; name one of these options");
    }
    return EXIT_FINE;
}

/* The domain that the command names, as the store has it. */
static bool read_domain(const struct command *command, struct dna_name *out)
{
    const char *text = command->clear != NULL ? command->clear : command->memory_of;
    if (text == NULL || dna_name_parse(dna_span_of(text), out) == DNA_OK) {
        return true;
    }
    fprintf(stderr, "dna-gateway: \"%s\" is no domain\n", text);
    return false;
}

/* Takes config over. */
static int remember(const struct gateway_config *config, const struct command *command)
{
    struct gateway_config quiet = *config;
    struct gateway *gateway;
    struct dna_name domain;
    bool fine = false;
    if (!read_domain(command, &domain)) {
        gateway_config_free(config);
        return EXIT_USAGE;
    }
    if (quiet.log_level < DNA_LOG_WARNING) {
        quiet.log_level = DNA_LOG_WARNING;
    }
    gateway = gateway_new(&quiet, false, stderr, NULL, stderr);
    if (gateway != NULL) {
        fine = command->clear != NULL
                   ? memory_clear(gateway, config, domain.text, stdout)
                   : memory_list(gateway, config,
                                 command->memory_of != NULL ? domain.text : NULL, stdout);
    }
    gateway_config_free(config);
    gateway_free(gateway);
    return fine ? EXIT_FINE : EXIT_FAILED;
}

static FILE *open_trace(const char *name)
{
    /* It will hold what people say to each other. */
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    FILE *trace = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (trace == NULL) {
        fprintf(stderr, "dna-gateway: %s: %s\n", name, strerror(errno));
        if (fd >= 0) {
            (void)close(fd);
        }
    }
    return trace;
}

/* Takes config over. */
static int show_policy(const struct gateway_config *config, const char *domain)
{
    enum dna_err err = policies_show(config, domain, time(NULL), stdout);
    gateway_config_free(config);
    if (err == DNA_OK) {
        return EXIT_FINE;
    }
    fprintf(stderr, "dna-gateway: %s: %s\n", domain,
            err == DNA_ERR_ARGUMENT ? "is no domain" : dna_err_name(err));
    return err == DNA_ERR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

/* Takes config over. */
static int serve(const struct gateway_config *config, const struct command *command)
{
    FILE *trace = command->trace != NULL ? open_trace(command->trace) : NULL;
    struct gateway *gateway;
    int status = EXIT_USAGE;
    if (command->trace != NULL && trace == NULL) {
        gateway_config_free(config);
        return EXIT_FAILED;
    }
    gateway = gateway_new(config, !command->check, stderr, trace, stderr);
    if (gateway != NULL && !command->check) {
        store_begin(gateway, config);
    }
    if (gateway != NULL && gateway_apply(gateway, config, stderr)) {
        if (command->check) {
            policies_warn(config, time(NULL), stderr);
        }
        status = command->check || gateway_run(gateway) ? EXIT_FINE : EXIT_FAILED;
    } else {
        status = gateway != NULL && gateway->deaf ? EXIT_FAILED : EXIT_USAGE;
        gateway_config_free(config);
    }
    gateway_free(gateway);
    if (trace != NULL) {
        (void)fclose(trace);
    }
    return status;
}

/* As many connections as the system lets us have; the usual soft limit is 1024. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool is_readable(const char *file)
{
    return access(file, R_OK) == 0;
}

int main(int argc, char **argv)
{
    struct command command = {0};
    const struct gateway_config *config;
    unsigned faults = 0;
    bool done = false;
    int status = read_command(argc, argv, &command, &done);
    if (done || status != EXIT_FINE) {
        return status;
    }
    if (command.signer) {
        _exit(signer_run(command.file)); /* nothing of the program's own is to be ended */
    }
    if (command.print) {
        return gateway_config_print(command.file, stdout, stderr) ? EXIT_FINE : EXIT_USAGE;
    }
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a full disk is the store's to report */
    raise_descriptors();
    config = gateway_config_read(command.file, stderr, &faults);
    if (config != NULL && faults == 0 && (command.memory || command.clear != NULL)) {
        return remember(config, &command);
    }
    if (config != NULL && faults == 0 && command.bridge_ca) {
        status = bridge_print(config, stdout, stderr) ? EXIT_FINE : EXIT_FAILED;
        gateway_config_free(config);
        return status;
    }
    if (config != NULL && faults == 0) {
        return command.policy_for != NULL ? show_policy(config, command.policy_for)
                                          : serve(config, &command);
    }
    status = EXIT_USAGE;
    if (config != NULL && is_readable(config->certificate) &&
        is_readable(config->key)) {
        gateway_check_identity(config, stderr);
    }
    gateway_config_free(config);
    return status;
}
