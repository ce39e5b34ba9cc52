/* libpq's notifications (LISTEN and NOTIFY), as the documentation's example has it: libpq --to HOST --settings SETTINGS
 * Its loop waits for the socket, consumes input and takes notices; reconnecting is ours, with PQreset after a second.
 *
 * defaults: PQconnectdb with the host alone.
 * recommended: keepalives_idle and tcp_user_timeout against a connection that is dead in silence, connect_timeout.
 * https://www.postgresql.org/docs/15/libpq-example.html#LIBPQ-EXAMPLE-2
 * https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
 */
#include <libpq-fe.h>
#include <poll.h>

#include "halfopen_driver.h"

/* Until the connection fails. */
static void listen_on(PGconn *connection) {
    PGresult *result = PQexec(connection, "LISTEN ticks");
    int works = PQresultStatus(result) == PGRES_COMMAND_OK;
    PQclear(result);
    if (works) halfopen_event("connected");
    while (works) {
        struct pollfd socket = {.fd = PQsocket(connection), .events = POLLIN};
        PGnotify *notice;
        if (poll(&socket, 1, -1) < 0) continue;
        works = PQconsumeInput(connection);
        while ((notice = PQnotifies(connection))) {
            halfopen_number("received", notice->relname, atoll(notice->extra));
            PQfreemem(notice);
        }
    }
}

int main(int count, char **arguments) {
    const char *to = "localhost", *more = "";
    char how[256], version[32];
    for (int index = 1; index + 1 < count; index += 2) {
        if (!strcmp(arguments[index], "--to")) to = arguments[index + 1];
        if (!strcmp(arguments[index], "--settings") && !strcmp(arguments[index + 1], "recommended"))
            more = " connect_timeout=10 keepalives_idle=30 keepalives_interval=10 keepalives_count=3"
                   " tcp_user_timeout=30000";
    }
    snprintf(version, sizeof version, "%d.%d", PQlibVersion() / 10000, PQlibVersion() % 10000);
    halfopen_hello("libpq", version, NULL);
    snprintf(how, sizeof how, "host=%s user=nobody dbname=template1%s", to, more);
    halfopen_event("attempt");
    PGconn *connection = PQconnectdb(how);
    for (;;) {
        if (PQstatus(connection) == CONNECTION_OK) listen_on(connection);
        halfopen_text("error", PQerrorMessage(connection));
        sleep(1);
        halfopen_event("attempt");
        PQreset(connection);
    }
}
