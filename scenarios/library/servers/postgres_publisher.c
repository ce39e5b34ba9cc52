/* Notifies "ticks" of a number every so often, with libpq: postgres_publisher HOST SECONDS
 * Not under test: it sits beside the server. */
#include <libpq-fe.h>

#include "halfopen_driver.h"

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    double every = atof(arguments[2]), due = now() + 1;
    char how[256], version[24];

    snprintf(version, sizeof version, "%d", PQlibVersion());
    halfopen_hello("libpq", version, NULL);
    snprintf(how, sizeof how, "host=%s user=nobody dbname=template1", arguments[1]);
    PGconn *server = PQconnectdb(how);
    for (int64_t sequence = 1;; sequence++, due += every) {
        double wait = due - now();
        if (wait > 0) usleep((useconds_t)(wait * 1e6));
        if (PQstatus(server) != CONNECTION_OK) PQreset(server);
        char command[64];
        snprintf(command, sizeof command, "NOTIFY ticks, '%lld'", (long long)sequence);
        halfopen_number("sent", "ticks", sequence);
        PGresult *result = PQexec(server, command);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) halfopen_text("error", PQerrorMessage(server));
        PQclear(result);
    }
}
