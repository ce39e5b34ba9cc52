#include <sqlite3.h>

// A macro with a cast, which Swift does not import: the library copies what is bound.
static inline int halfopen_sqlite_bind_text(sqlite3_stmt *statement, int place, const char *text, int length) {
    return sqlite3_bind_text(statement, place, text, length, SQLITE_TRANSIENT);
}
